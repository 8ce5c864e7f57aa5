import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { merkleTreeHash } from './merkleTree.ts';

const WIDTH = 256;

/** Files of a folder in order, as paths from the folder, whatever their sizes. */
export function filesOf(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Entries of all bundles, in order: C2SP, tlog-tiles, "Log entries". */
export function readEntries(folder: string, size: number): string[] {
  const entries: string[] = [];
  for (let bundle = 0; bundle * WIDTH < size; bundle += 1) {
    const bytes = readFileSync(join(folder, tilePath('entries', bundle, size)));
    for (let place = 0; place < bytes.length;) {
      const length = bytes.readUInt16BE(place);
      entries.push(bytes.toString('utf8', place + 2, place + 2 + length));
      place += 2 + length;
    }
  }
  return entries;
}

/**
 * Every tile file that a tree has, literally by the definition: C2SP, tlog-tiles, "Merkle Tree" and "Partial Tiles".
 */
export function tilesOf(entries: readonly string[]): Map<string, Buffer> {
  const tiles = new Map<string, Buffer>();
  for (let level = 0; WIDTH ** level <= entries.length; level += 1) {
    const span = WIDTH ** level;
    const hashes = Math.floor(entries.length / span);
    for (let tile = 0; tile * WIDTH < hashes; tile += 1) {
      const width = Math.min(WIDTH, hashes - tile * WIDTH);
      const tileHashes = Array.from({ length: width }, (_, index) => {
        const start = (tile * WIDTH + index) * span;
        return merkleTreeHash(entries.slice(start, start + span));
      });
      tiles.set(tilePath(String(level), tile, hashes), Buffer.concat(tileHashes));
    }
  }
  return tiles;
}

/** The path of a tile. `hashes` counts those of the whole level, whose last tile may be partial. */
export function tilePath(level: string, tile: number, hashes: number): string {
  const width = hashes - tile * WIDTH;
  const name = tile < 1000 ? threeDigits(tile) : `x${threeDigits(Math.floor(tile / 1000))}/${threeDigits(tile % 1000)}`;
  return `tile/${level}/${name}${width < WIDTH ? `.p/${width}` : ''}`;
}

function threeDigits(number: number): string {
  return String(number).padStart(3, '0');
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CompactRange } from '../format/compactRange.ts';

/** Number of hashes of a full tile, and of entries of a full bundle. */
const TILE_WIDTH = 256;

/** Hashes of one level that are not yet in a full tile. */
interface Level {
  hashes: Buffer[];
  /** Index of the tile that they belong to. */
  tile: number;
}

/** Writes a tree as C2SP tlog-tiles, in constant memory: it keeps one tile of each level, and one bundle. */
export class TileWriter {
  readonly #folder: string;
  readonly #levels: Level[] = [];
  #entries: Buffer[] = [];
  #madeFolder = '';
  #size = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Appends an entry of less than 64 KiB and its leaf hash. The entry is copied. */
  append(entry: Buffer, leafHash: Buffer): void {
    // tlog-tiles, "Log entries": big-endian uint16 length-prefixed.
    const prefixed = Buffer.allocUnsafe(2 + entry.length);
    prefixed.writeUInt16BE(entry.length);
    entry.copy(prefixed, 2);
    this.#entries.push(prefixed);
    if (this.#entries.length === TILE_WIDTH) this.#writeEntries(Math.floor(this.#size / TILE_WIDTH));
    this.#size += 1;
    this.#addHash(0, leafHash);
  }

  /** Writes the partial tiles, and returns the root of the tree that all tiles form. */
  finish(): Buffer {
    if (this.#entries.length > 0) this.#writeEntries(Math.floor(this.#size / TILE_WIDTH));
    const tree = new CompactRange();
    // Larger subtrees stand further to the left.
    for (const [number, { hashes, tile }] of [...this.#levels.entries()].reverse()) {
      if (hashes.length > 0) this.#write(`tile/${number}`, tile, hashes);
      for (const hash of hashes) tree.appendSubtree(hash, TILE_WIDTH ** number);
    }
    return tree.root();
  }

  #addHash(number: number, hash: Buffer): void {
    const level = (this.#levels[number] ??= { hashes: [], tile: 0 });
    level.hashes.push(hash);
    if (level.hashes.length < TILE_WIDTH) return;
    const { hashes, tile } = level;
    level.hashes = [];
    level.tile += 1;
    this.#write(`tile/${number}`, tile, hashes);
    // tlog-tiles, "Merkle Tree": each hash of a tile is the Merkle Tree Hash of a full tile at the level below.
    const subtree = new CompactRange();
    for (const each of hashes) subtree.append(each);
    this.#addHash(number + 1, subtree.root());
  }

  #writeEntries(bundle: number): void {
    this.#write('tile/entries', bundle, this.#entries);
    this.#entries = [];
  }

  #write(place: string, index: number, parts: readonly Buffer[]): void {
    const suffix = parts.length < TILE_WIDTH ? `.p/${parts.length}` : '';
    const file = join(this.#folder, place, `${tileIndexPath(index)}${suffix}`);
    const folder = dirname(file);
    if (folder !== this.#madeFolder) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#madeFolder = folder;
    writeFileSync(file, Buffer.concat(parts), { mode: 0o600, flag: 'wx' });
  }
}

/** tlog-tiles, "Merkle Tree": 3-digit path elements, all but the last of which begin with x, such as `x001/x234/067`. */
export function tileIndexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  return groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join('/');
}

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExportFailure, exportTiles, openForExport } from '../../../src/audit/read/exportTiles.ts';
import { tileIndexPath } from '../../../src/audit/read/tileWriter.ts';
import { logOfSize } from '../../support/auditLogs.ts';
import { merkleTreeHash } from '../../support/merkleTree.ts';
import { Tamperer } from '../../support/tamper.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { filesOf, readEntries, tilesOf } from '../../support/tiles.ts';

const FIRST = '00000000000000000000';

function exportTo(path: string, out: string): number[] {
  return [...exportTiles(openForExport(path), out)];
}

describe('exportTiles', () => {
  it.each([1, 2, 255, 256, 257, 511, 65_536 + 300])(
    'writes all tiles of %i records, and no other file',
    async (size) => {
      const folder = temporaryFolder();
      const path = await logOfSize(folder, size, { segmentRecords: 1_000 });
      const out = join(folder, 'out');
      exportTo(path, out);

      const records = readdirSync(path)
        .filter((name) => name.endsWith('.ndjson'))
        .sort()
        .flatMap((name) => readFileSync(join(path, name), 'utf8').split('\n').slice(0, -1));
      const entries = readEntries(out, size);
      expect(entries).toEqual(records);
      const tiles = tilesOf(records);
      const bundles = Array.from(tiles.keys(), (file) => /^tile\/0\/(.*)/.exec(file)?.[1]).filter(
        (name) => name !== undefined,
      );
      const files = ['checkpoint', ...tiles.keys(), ...bundles.map((name) => `tile/entries/${name}`)];
      expect(filesOf(out)).toEqual(files.sort());
      for (const [file, hashes] of tiles) expect([file, readFileSync(join(out, file))]).toEqual([file, hashes]);

      const [, signed, root] = readFileSync(join(out, 'checkpoint'), 'utf8').split('\n');
      expect([signed, root]).toEqual([String(size), merkleTreeHash(entries).toString('base64')]);
    },
  );

  it('ends at the newest intact checkpoint', async () => {
    const folder = temporaryFolder();
    const path = await logOfSize(folder, 300);
    const tamperer = new Tamperer(path);
    const note = readFileSync(join(path, `${FIRST}.checkpoints`), 'utf8');
    tamperer.lines(`${FIRST}.ndjson`, (lines) => [...lines, '{"index":300}']);
    for (const torn of [
      '',
      'xks.example',
      note.slice(0, note.indexOf('\n\n') + 2),
      note.slice(0, -20),
      note.slice(0, -1),
    ]) {
      writeFileSync(join(path, `${FIRST}.checkpoints`), `${note}${torn}`);
      const out = join(folder, `out${torn.length}`);
      exportTo(path, out);
      expect(readFileSync(join(out, 'checkpoint'), 'utf8')).toBe(note.slice(0, -1));
      expect(readEntries(out, 300)).toHaveLength(300);
    }
  });

  it('takes the newest checkpoint from an earlier segment, if the last one has none', async () => {
    const folder = temporaryFolder();
    const path = await logOfSize(folder, 300, { segmentRecords: 200 });
    new Tamperer(path).remove('00000000000000000200.checkpoints');
    expect(openForExport(path).head.size).toBe(200);
    exportTo(path, join(folder, 'out'));
    expect(readEntries(join(folder, 'out'), 200)).toHaveLength(200);
  });

  it.each<[string, (tamperer: Tamperer) => void, string]>([
    [
      'whose record was changed',
      (log) => {
        log.text(`${FIRST}.ndjson`, (text) => text.replace('heartbeat', 'heartbeet'));
      },
      'its records are not those that its newest checkpoint signs: audit verify tells which',
    ],
    [
      'that lacks a record',
      (log) => {
        log.lines(`${FIRST}.ndjson`, (lines) => lines.slice(1));
      },
      'its segment 200 does not follow the 199 records before it',
    ],
    [
      'that was truncated',
      (log) => {
        log.lines('00000000000000000200.ndjson', (lines) => lines.slice(0, -1));
      },
      'it has 299 records, but its newest checkpoint signs 300',
    ],
    [
      'that was pruned',
      (log) => {
        log.remove(`${FIRST}.ndjson`);
      },
      'it was pruned: its records before 200 are gone, and tiles must begin with record 0',
    ],
    [
      'with a record that no entry holds',
      (log) => {
        log.lines(`${FIRST}.ndjson`, ([, ...lines]) => ['x'.repeat(65_536), ...lines]);
      },
      'its record 0 is too long for a tile',
    ],
    [
      'whose checkpoint was changed',
      (log) => {
        log.text('00000000000000000200.checkpoints', (text) => text.replace('\n300\n', '\n299\n'));
      },
      'its newest checkpoint cannot be trusted: its signature of xks.example.com/proxy-1/main is wrong',
    ],
    [
      'without checkpoints',
      (log) => {
        log.remove(`${FIRST}.checkpoints`, '00000000000000000200.checkpoints');
      },
      'it has no checkpoint',
    ],
    [
      'without records',
      (log) => {
        log.remove(`${FIRST}.ndjson`, '00000000000000000200.ndjson');
      },
      'it has no records',
    ],
  ])('refuses a log %s, and leaves nothing behind', async (_what, tamper, message) => {
    const folder = temporaryFolder();
    const path = await logOfSize(folder, 300, { segmentRecords: 200 });
    tamper(new Tamperer(path));
    const out = join(folder, 'out');
    expect(() => exportTo(path, out)).toThrow(new ExportFailure(message));
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  it('writes into an empty folder only', async () => {
    const folder = temporaryFolder();
    const path = await logOfSize(folder, 1);
    const out = join(folder, 'a/b');
    mkdirSync(out, { recursive: true });
    exportTo(path, out);
    const files = filesOf(out);
    expect(() => exportTo(path, out)).toThrow(new ExportFailure(`${out} is not empty`));
    expect(filesOf(out)).toEqual(files);
    rmSync(join(out, 'tile'), { recursive: true });
    expect(() => exportTo(path, out)).toThrow(new ExportFailure(`${out} is not empty`));
    expect(readdirSync(out)).toEqual(['checkpoint']);
  });

  it('leaves nothing behind if it is stopped early', async () => {
    const folder = temporaryFolder();
    const path = await logOfSize(folder, 10_000);
    const out = join(folder, 'out');
    for (const written of exportTiles(openForExport(path), out)) {
      expect(written).toBe(4_096);
      expect(existsSync(join(out, 'tile/0/000'))).toBe(true);
      break;
    }
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('tileIndexPath', () => {
  it.each([
    [0, '000'],
    [67, '067'],
    [1_000, 'x001/000'],
    [1_234_067, 'x001/x234/067'],
  ])('%i is %s', (index, path) => {
    expect(tileIndexPath(index)).toBe(path);
  });
});

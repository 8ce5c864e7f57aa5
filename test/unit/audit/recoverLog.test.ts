import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PreviousLog } from '../../../src/audit/log/earlierLog.ts';
import type { Checkpoint, LogOptions } from '../../../src/audit/log/logWriter.ts';
import { appendAll, appendSigned, newSigningKey, openLog, requestRecord } from '../../support/auditLogs.ts';
import { notes, records, verifyFolder } from '../../support/logUnderTest.ts';
import { changed, swapped, Tamperer } from '../../support/tamper.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const privateKey = newSigningKey();
const NEXT_TIME = '20261126T190000000Z';

interface Start {
  readonly type: string;
  readonly tornBytes?: number;
  readonly tornCheckpointBytes?: number;
  readonly previous?: PreviousLog;
}

interface LeftLog {
  readonly directory: string;
  readonly folder: string;
  readonly tamper: Tamperer;
  readonly kept: readonly Checkpoint[];
}

/** A log of 26 records in segments of 10, signed at sizes 1, 6, 11 and so on. Its writer left no end record. */
async function leftLog(): Promise<LeftLog> {
  const directory = temporaryFolder();
  const kept: Checkpoint[] = [];
  const options = { privateKey, segmentRecords: 10, onCheckpoint: (checkpoint: Checkpoint) => kept.push(checkpoint) };
  const log = openLog(directory, options);
  await appendSigned(log, 25, 5);
  log.abandon();
  const folder = join(directory, 'main');
  return { directory, folder, tamper: new Tamperer(folder), kept };
}

/** Opens the log again and returns its new start record. */
function reopen(directory: string, options: Partial<LogOptions> = {}): Start {
  const log = openLog(directory, { privateKey, segmentRecords: 10, ...options });
  const { size } = log;
  appendAll(log, [requestRecord()]);
  log.close();
  return startAt(join(directory, 'main'), size - 1);
}

function startAt(folder: string, index: number): Start {
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
  return JSON.parse(lines.find((line) => line.startsWith(`{"index":${index},`)) ?? '') as Start;
}

async function expectGood(folder: string): Promise<void> {
  expect((await verifyFolder(folder)).messages).toEqual([]);
}

/** Contents of the files of a folder, sorted by name. */
function digests(folder: string) {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  return names.sort().map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

function copyOf(directory: string): { directory: string; folder: string } {
  const copy = temporaryFolder();
  cpSync(join(directory, 'main'), join(copy, 'main'), { recursive: true });
  return { directory: copy, folder: join(copy, 'main') };
}

describe('an end that a crash has torn', () => {
  it('in the last record is cut off, at each byte', async () => {
    const { directory, folder } = await leftLog();
    const whole = readFileSync(join(folder, records(20)));
    const line = '{"index":26,"type":"request","text":"ä€😀"}\n';
    for (let bytes = 1; bytes < Buffer.byteLength(line); bytes += 1) {
      const torn = copyOf(directory);
      appendFileSync(join(torn.folder, records(20)), Buffer.from(line).subarray(0, bytes));
      expect(reopen(torn.directory)).toMatchObject({ type: 'start', tornBytes: bytes });
      expect(readFileSync(join(torn.folder, records(20))).subarray(0, whole.length)).toEqual(whole);
      if (bytes % 10 === 0) await expectGood(torn.folder);
    }
  });

  it('in the last checkpoint is cut off, at each byte', async () => {
    const { directory, folder } = await leftLog();
    const file = notes(20);
    const whole = readFileSync(join(folder, file));
    const last = Buffer.from(whole.toString().split('\n\n').slice(-3).join('\n\n'));
    expect(last.toString()).toMatch(/^xks.*\n\n\u2014 .*\n\n$/s);
    const before = whole.subarray(0, whole.length - last.length);
    for (let bytes = 0; bytes < last.length; bytes += 1) {
      const torn = copyOf(directory);
      truncateSync(join(torn.folder, file), before.length + bytes);
      const start = reopen(torn.directory);
      expect(start.previous).toBeUndefined();
      expect(start.tornCheckpointBytes).toBe(bytes === 0 ? undefined : bytes);
      expect(readFileSync(join(torn.folder, file)).subarray(0, before.length)).toEqual(before);
      if (bytes % 20 === 0) await expectGood(torn.folder);
    }
  });

  it('that is all zeros, as after a loss of power, is cut off', async () => {
    const { directory, folder } = await leftLog();
    for (const file of [records(20), notes(20), 'ranges']) appendFileSync(join(folder, file), Buffer.alloc(5_000));
    expect(reopen(directory)).toMatchObject({ tornBytes: 5_000, tornCheckpointBytes: 5_000 });
    expect(readdirSync(directory)).toEqual(['main']);
    await expectGood(folder);
  });

  it('leaves records after the last checkpoint in the tree', async () => {
    const { directory, folder } = await leftLog();
    rmSync(join(folder, notes(20)));
    expect(reopen(directory)).toMatchObject({ type: 'start', index: 26 });
    expect(readdirSync(directory)).toEqual(['main']);
    await expectGood(folder);
  });
});

type Damage = [what: string, damage: (log: LeftLog) => void, reason: string, lastGood?: number];

const CHANGED: Damage[] = [
  [
    'a changed record',
    ({ tamper }) => {
      tamper.lines(records(20), (lines) => changed(lines, 2, (line) => line.replace('foo', 'bar')));
    },
    'its checkpoint of 26 records is not that of its records',
    21,
  ],
  [
    'swapped records',
    ({ tamper }) => {
      tamper.lines(records(20), (lines) => swapped(lines, 3, 4));
    },
    'the line of record 23 is no record with this index',
    21,
  ],
  [
    'a record that is not JSON',
    ({ tamper }) => {
      tamper.lines(records(20), (lines) => changed(lines, 5, () => 'x'));
    },
    'the line of record 25 is no record with this index',
    21,
  ],
  [
    'another signature',
    ({ tamper }) => {
      tamper.notes(notes(20), (all) => changed(all, 1, (note) => note.replace(/.{8}\n$/, 'AAAAAA==\n')));
    },
    'its newest checkpoint: ',
  ],
  [
    'an invalid checkpoint',
    ({ tamper }) => {
      tamper.notes(notes(20), (all) => changed(all, 0, (note) => note.replace('21', '021')));
    },
    'checkpoint 0 of ',
  ],
  [
    'another tree in ranges',
    ({ tamper }) => {
      tamper.lines('ranges', (lines) => changed(lines, 1, (line) => line.replace(/ ./, ' _')));
    },
    'its file ranges has no line for the segment that begins with record 20',
  ],
];

const MISSING: Damage[] = [
  [
    'records cut off',
    ({ tamper }) => {
      tamper.lines(records(20), (lines) => lines.slice(0, 3));
    },
    'it has 23 records, but a checkpoint of 26: records are missing',
    21,
  ],
  [
    'an empty segment',
    ({ folder }) => {
      truncateSync(join(folder, records(20)));
    },
    'it has 20 records, but a checkpoint of 21: records are missing',
  ],
  [
    'the newest segment deleted, but not its checkpoints',
    ({ tamper }) => {
      tamper.remove(records(20));
    },
    'its records from 20 on are missing',
  ],
  [
    'all segments deleted, but not their checkpoints',
    ({ tamper }) => {
      tamper.remove(records(0), records(10), records(20), 'ranges');
    },
    'its records from 0 on are missing',
  ],
  [
    'the newest segments deleted',
    ({ tamper }) => {
      tamper.remove(records(10), notes(10), records(20), notes(20));
    },
    'it has 10 records, but its file ranges lists more',
  ],
  [
    'all files except ranges deleted',
    ({ tamper }) => {
      tamper.remove(...[0, 10, 20].flatMap((first) => [records(first), notes(first)]));
    },
    'its records are missing',
  ],
  [
    'ranges deleted',
    ({ tamper }) => {
      tamper.remove('ranges');
    },
    'its file ranges has no line for the segment that begins with record 20',
  ],
  [
    'vkey emptied',
    ({ folder }) => {
      truncateSync(join(folder, 'vkey'));
    },
    'its file vkey cannot be read',
  ],
  [
    'vkey deleted',
    ({ tamper }) => {
      tamper.remove('vkey');
    },
    'its file vkey cannot be read',
  ],
];

const NO_FILE = [records(20), notes(20), 'ranges', 'vkey'].map((name): Damage => [
  `a folder in the place of ${name}`,
  ({ folder }) => {
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
  },
  `${name} is no file`,
]);

describe('a log whose files contradict one another', () => {
  it.each<Damage>([...CHANGED, ...MISSING, ...NO_FILE])(
    '%s: it is sealed, and a new log reports it',
    async (_what, damage, reason, lastGood) => {
      const log = await leftLog();
      damage(log);
      const before = digests(log.folder);
      const { previous } = reopen(log.directory);
      expect(previous).toMatchObject({ kind: 'sealed', folder: `main.${NEXT_TIME}.sealed` });
      expect(previous?.reason).toContain(reason);
      expect(previous?.checkpoint).toBe(log.kept.find(({ size }) => size === lastGood)?.note);
      expect(digests(join(log.directory, previous?.folder ?? ''))).toEqual(before);
      expect(previous?.files.toSorted((one, other) => (one.name < other.name ? -1 : 1))).toEqual(before);
      await expectGood(log.folder);
    },
  );

  it.each(['ranges', 'vkey', notes(20)])(
    'if %s holds 8 GiB of zeros, the other files have their SHA-256',
    async (name) => {
      const { directory, folder } = await leftLog();
      truncateSync(join(folder, name), 0);
      truncateSync(join(folder, name), 8 * 1024 ** 3);
      const { previous } = reopen(directory);
      expect(previous).toMatchObject({ kind: 'sealed', unread: { files: 1, bytes: 8 * 1024 ** 3 } });
      expect(previous?.files).toHaveLength(7);
    },
  );

  it('a file without a digest does not prevent a new log', async () => {
    const { directory, folder, tamper } = await leftLog();
    symlinkSync('nowhere', join(folder, 'link'));
    mkdirSync(join(folder, 'folder'));
    tamper.remove('vkey');
    expect(reopen(directory).previous?.files).toHaveLength(7);
  });
});

describe('a log of another key or origin', () => {
  it.each([
    ['key', { privateKey: newSigningKey() }],
    ['origin', { origin: 'xks.example.com/proxy-2' }],
  ])('another %s: it is closed, and a new one names its last checkpoint', async (_what, options) => {
    const { directory, folder, kept } = await leftLog();
    const { previous } = reopen(directory, options);
    expect(previous).toMatchObject({
      kind: 'closed',
      folder: `main.${NEXT_TIME}.closed`,
      reason: 'another key or origin: 26 records end here',
      checkpoint: kept.at(-1)?.note,
    });
    await expectGood(folder);
    await expectGood(join(directory, previous?.folder ?? ''));
    // Each checkpoint now has the name of the new key, so nothing is closed again.
    expect(reopen(directory, options).previous).toBeUndefined();
  });
});

describe('a start that ended after it had moved a log aside', () => {
  it.each([
    [
      'sealed',
      ({ tamper }: LeftLog) => {
        tamper.remove('vkey');
      },
      {},
      'its file vkey cannot be read',
    ],
    ['closed', () => undefined, { privateKey: newSigningKey() }, 'another key or origin: 26 records end here'],
  ] as const)('%s: the next start still reports this in its first record', async (kind, damage, options, reason) => {
    const log = await leftLog();
    damage(log);
    const aside = `main.${NEXT_TIME}.${kind}`;
    renameSync(log.folder, join(log.directory, aside));
    const before = digests(join(log.directory, aside));
    const checkpoint = kind === 'closed' ? log.kept.at(-1)?.note : undefined;
    expect(reopen(log.directory, options).previous).toMatchObject({ kind, folder: aside, reason });
    expect(startAt(log.folder, 0).previous?.checkpoint).toBe(checkpoint);
    expect(digests(join(log.directory, aside))).toEqual(before);
    expect(reopen(log.directory, options).previous).toBeUndefined();
  });
});

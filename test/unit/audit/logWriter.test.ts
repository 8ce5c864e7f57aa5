import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LockHeld } from '../../../src/fileLock.ts';
import type { LogOptions, LogWriter } from '../../../src/audit/log/logWriter.ts';
import { appendAll, appendSigned, newSigningKey, openLog, requestRecord } from '../../support/auditLogs.ts';
import { notes, records, verifyFolder } from '../../support/logUnderTest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const SEGMENT = 10;
const privateKey = newSigningKey();

const opened: LogWriter[] = [];
afterEach(() => {
  for (const log of opened.splice(0)) log.abandon();
});

function open(directory: string, options: Partial<LogOptions> = {}): LogWriter {
  const log = openLog(directory, { privateKey, segmentRecords: SEGMENT, ...options });
  opened.push(log);
  return log;
}

function append(log: LogWriter, count: number): void {
  appendAll(
    log,
    Array.from({ length: count }, () => requestRecord()),
  );
}

function linesOf(directory: string, first = 0): { type: string; index: number }[] {
  const lines = readFileSync(join(directory, 'main', records(first)), 'utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { type: string; index: number });
}

async function expectGood(directory: string, size: number): Promise<void> {
  const { messages, records: count } = await verifyFolder(join(directory, 'main'));
  expect({ messages, count }).toEqual({ messages: [], count: size });
}

/** Copies the current log, as a crash would leave it. */
function crash(directory: string): string {
  const copy = temporaryFolder();
  cpSync(join(directory, 'main'), join(copy, 'main'), { recursive: true });
  return copy;
}

/** Continues a log, and verifies it. */
async function goOn(directory: string, options: Partial<LogOptions> = {}): Promise<void> {
  const log = open(directory, options);
  append(log, SEGMENT * 2 + 3);
  const { size } = log;
  log.close();
  await expectGood(directory, size + 1);
  expect(readdirSync(directory)).toEqual(['main']);
}

describe('a log', () => {
  it('begins and ends with its own record, and gives each record its index', async () => {
    const directory = temporaryFolder();
    const log = open(directory, { about: { version: '1.0.0' }, segmentRecords: 100 });
    append(log, 3);
    expect(log.size).toBe(4);
    log.close();
    const lines = linesOf(directory);
    expect(lines.map(({ type }) => type)).toEqual(['start', 'request', 'request', 'request', 'stop']);
    expect(lines.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(lines[0]).toMatchObject({ version: '1.0.0' });
    await expectGood(directory, 5);
  });

  it('continues in the same tree', async () => {
    const directory = temporaryFolder();
    for (let run = 0; run < 7; run += 1) {
      const log = open(directory);
      append(log, run);
      if (run % 2 === 0) log.close();
      else log.abandon();
    }
    const log = open(directory);
    log.close();
    await expectGood(directory, log.size);
  });

  it('has only one writer', () => {
    const directory = temporaryFolder();
    open(directory);
    expect(() => open(directory)).toThrow(LockHeld);
    expect(() => open(directory, { slot: 'w1' })).not.toThrow();
  });

  it('signs nothing twice, and reports each checkpoint', async () => {
    const directory = temporaryFolder();
    const sizes: number[] = [];
    const log = open(directory, { onCheckpoint: ({ size }) => sizes.push(size) });
    await log.checkpoint();
    await log.checkpoint();
    append(log, 1);
    await Promise.all([log.checkpoint(), log.checkpoint()]);
    append(log, SEGMENT);
    log.close();
    expect(sizes).toEqual([1, 2, 10, 13]);
    await expectGood(directory, 13);
  });

  it('has a start record that fits into one line, even if its folder held hostile file names', async () => {
    const directory = temporaryFolder();
    const log = open(directory);
    await appendSigned(log, 5);
    log.abandon();
    const hostile = (number: number) => `${'\n'.repeat(240)}${number}`;
    for (let file = 0; file < 100; file += 1) writeFileSync(join(directory, 'main', hostile(file)), '');
    rmSync(join(directory, 'main', records(0)));
    open(directory).close();
    await expectGood(directory, 2);
  });
});

describe('a crash', () => {
  /** Copies of a log: before its last record, after the checkpoint, and after the rotation. */
  function rotated(): { readonly before: string; readonly signed: string; readonly after: string } {
    const directory = temporaryFolder();
    let signed = '';
    const log = open(directory, {
      onCheckpoint: () => {
        signed = crash(directory);
      },
    });
    append(log, SEGMENT - 1);
    const before = crash(directory);
    append(log, 1);
    const after = crash(directory);
    // Writing the record is the last step of a rotation.
    writeFileSync(join(after, 'main', records(SEGMENT)), '');
    return { before, signed, after };
  }

  function without(directory: string, ...names: readonly string[]): string {
    const copy = crash(directory);
    for (const name of names) rmSync(join(copy, 'main', name));
    return copy;
  }

  it.each([
    ['the same', SEGMENT],
    ['larger', SEGMENT * 5],
    ['smaller', 3],
  ])('at each step of a rotation is survived when segments are %s then', async (_what, segmentRecords) => {
    const { before, signed, after } = rotated();
    const states = [
      before,
      signed,
      without(after, records(SEGMENT), notes(SEGMENT)),
      without(after, notes(SEGMENT)),
      after,
    ];
    for (const state of states) await goOn(state, { segmentRecords });
  });

  it('at each byte of a line of ranges is survived', async () => {
    const { after } = rotated();
    const range = readFileSync(join(after, 'main', 'ranges'));
    const state = without(after, records(SEGMENT), notes(SEGMENT));
    for (let bytes = 0; bytes < range.length; bytes += bytes < 5 ? 1 : 9) {
      const copy = crash(state);
      writeFileSync(join(copy, 'main', 'ranges'), range.subarray(0, bytes));
      await goOn(copy);
    }
  });

  it('before the first record is survived', async () => {
    const directory = temporaryFolder();
    for (const files of [[], ['vkey'], ['vkey', records(0)], ['vkey', records(0), notes(0)]]) {
      mkdirSync(join(directory, 'main'), { recursive: true });
      for (const file of files) writeFileSync(join(directory, 'main', file), '');
      if (files.includes(records(0))) {
        const other = temporaryFolder();
        open(other).abandon();
        cpSync(join(other, 'main', 'vkey'), join(directory, 'main', 'vkey'));
      }
      await goOn(directory);
      rmSync(join(directory, 'main'), { recursive: true });
    }
  });
});

describe('a segment that cannot be started', () => {
  it('is tried again, and no descriptor leaks', async () => {
    const directory = temporaryFolder();
    const log = open(directory);
    append(log, SEGMENT - 1);
    const blocked = join(directory, 'main', notes(SEGMENT));
    mkdirSync(blocked);
    const count = () => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(log.append(['{"type":"heartbeat"}'])).toMatchObject({ taken: 0, failure: { code: 'EISDIR' } });
    }
    expect(count()).toBe(before);
    rmdirSync(blocked);
    append(log, 3);
    log.close();
    await expectGood(directory, SEGMENT + 4);
  });
});

describe('a log that changes during a checkpoint', () => {
  it('writes no more after it was abandoned, even if another file reuses its descriptor', async () => {
    const directory = temporaryFolder();
    const log = open(directory, { sync: 'interval' });
    const checkpoint = log.checkpoint();
    log.abandon();
    const others = ['one', 'two', 'three'].map((name) => join(directory, name));
    const descriptors = others.map((file) => openSync(file, 'a'));
    await expect(checkpoint).rejects.toThrow('is closed');
    expect(others.map((file) => readFileSync(file, 'utf8'))).toEqual(['', '', '']);
    for (const descriptor of descriptors) closeSync(descriptor);
    log.abandon();
  });

  it('is valid, although its segment ended meanwhile', async () => {
    const directory = temporaryFolder();
    const log = open(directory, { sync: 'interval' });
    for (let round = 0; round < 20; round += 1) {
      const checkpoint = log.checkpoint();
      append(log, SEGMENT + 1);
      await checkpoint;
    }
    log.close();
    await expectGood(directory, log.size);
  });
});

describe('the clock', () => {
  it('may be set back', async () => {
    const directory = temporaryFolder();
    const clock = vi.fn(() => Date.parse('2026-11-26T19:00:00.000Z'));
    const log = open(directory, { clock });
    clock.mockReturnValue(0);
    append(log, SEGMENT);
    log.close();
    expect(linesOf(directory, SEGMENT).at(-1)).toMatchObject({ time: '1970-01-01T00:00:00.000Z' });
    await expectGood(directory, log.size);
  });

  it('may stand still while several logs are set aside', () => {
    const directory = temporaryFolder();
    for (let run = 0; run < 3; run += 1) open(directory, { privateKey: newSigningKey() }).close();
    expect(readdirSync(directory).sort()).toEqual([
      'main',
      'main.20261126T190000000Z.closed',
      'main.20261126T190000001Z.closed',
    ]);
  });
});

import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditLog, type AuditLogOptions } from '../../../src/audit/log/auditLog.ts';
import { LockHeld } from '../../../src/fileLock.ts';
import { appendAll, newSigningKey, openLog, ORIGIN } from '../../support/auditLogs.ts';
import { notes, records, verifyFolder } from '../../support/logUnderTest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  return { ...original, fdatasync: vi.fn(original.fdatasync) };
});

const RECORD = '{"type":"request","time":"2026-11-26T19:00:00.000Z"}';
const SECOND = 1_000;
const FAILED = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
const privateKey = newSigningKey();

const opened: AuditLog[] = [];
let directory = '';
let now = 0;

beforeEach(() => {
  directory = temporaryFolder();
  now = Date.parse('2026-11-26T19:00:00.000Z');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(async () => {
  vi.resetAllMocks();
  for (const log of opened.splice(0)) await log.stop();
  vi.useRealTimers();
});

function open(options: Partial<AuditLogOptions> = {}) {
  const problems: (string | undefined)[] = [];
  const sealed: (readonly string[])[] = [];
  const log = new AuditLog({
    directory,
    slot: 'main',
    origin: ORIGIN,
    privateKey,
    sync: 'never',
    segmentRecords: 1_000,
    checkpointSeconds: 1,
    clock: () => now,
    about: {},
    onProblem: (problem) => problems.push(problem),
    onSealed: (folders) => sealed.push(folders),
    ...options,
  });
  opened.push(log);
  return { log, problems, sealed };
}

/** Lets time pass, second by second. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    now += SECOND;
    vi.advanceTimersByTime(SECOND);
    await turn();
  }
}

function typesOf(slot = 'main'): string[] {
  const lines = fs
    .readFileSync(join(directory, slot, records(0)), 'utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { type: string }).type);
}

function start(): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(join(directory, 'main', records(0)), 'utf8').split('\n')[0] ?? '') as Record<
    string,
    unknown
  >;
}

describe('heartbeats', () => {
  it('are written once a minute if nothing else is', async () => {
    const { log } = open();
    await pass(125);
    expect(typesOf()).toEqual(['start', 'heartbeat', 'heartbeat']);
    expect(log.state.lastCheckpointAt).toBeGreaterThan(now - 10 * SECOND);
  });

  it('are not written while there are records', async () => {
    const { log } = open();
    for (let second = 0; second < 130; second += 10) {
      log.append([RECORD]);
      await pass(10);
    }
    expect(new Set(typesOf())).toEqual(new Set(['start', 'request']));
  });

  it('continue after the clock was set back', async () => {
    open();
    await pass(10);
    now -= 86_400 * SECOND;
    await pass(65);
    expect(typesOf()).toEqual(['start', 'heartbeat', 'heartbeat']);
  });
});

describe('checkpoints', () => {
  it('are written at their interval if there are new records', async () => {
    const sizes: number[] = [];
    const { log } = open({ onCheckpoint: ({ size }) => sizes.push(size) });
    await pass(2);
    log.append([RECORD, RECORD]);
    await pass(3);
    await log.stop();
    expect(sizes).toEqual([1, 3, 4]);
    expect((await verifyFolder(join(directory, 'main'))).problemCount).toBe(0);
  });
});

describe('if files are removed', () => {
  it('a new log begins, and says what was lost', async () => {
    const { log, problems } = open();
    log.append([RECORD, RECORD]);
    await pass(1);
    const lastCheckpoint = fs.readFileSync(
      join(directory, 'main', records(0).replace('ndjson', 'checkpoints')),
      'utf8',
    );
    fs.rmSync(join(directory, 'main'), { recursive: true });
    expect(log.append([RECORD])).toBe(0);
    expect(log.problem).toMatch(/^the audit log cannot be written: .* was deleted$/);
    expect(log.state.isFailing).toBe(true);
    await pass(1);
    expect(log.problem).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('was deleted'), undefined]);
    expect(start()).toMatchObject({ lost: { records: 3, checkpoint: lastCheckpoint.slice(0, -1) } });
    expect(log.append([RECORD])).toBe(1);
    await log.stop();
    expect((await verifyFolder(join(directory, 'main'))).problemCount).toBe(0);
  });

  it('a missing directory is not created again, and the log does not end', async () => {
    const { log, problems } = open();
    fs.renameSync(directory, `${directory}.away`);
    await pass(1_300);
    expect(fs.existsSync(directory)).toBe(false);
    expect(log.problem).toBe(`the audit log cannot be written: ${directory} does not exist`);
    fs.renameSync(`${directory}.away`, directory);
    await pass(1);
    expect(problems.at(-1)).toBeUndefined();
    expect(problems).toHaveLength(2);
    expect(log.append([RECORD])).toBe(1);
  });

  it('a checkpoint that is in progress does not disturb the new log', async () => {
    const { log, problems } = open({ sync: 'interval' });
    log.append([RECORD]);
    now += SECOND;
    vi.advanceTimersByTime(SECOND);
    fs.rmSync(join(directory, 'main'), { recursive: true });
    log.append([RECORD]);
    vi.setSystemTime(0);
    vi.advanceTimersByTime(SECOND);
    await vi.waitFor(
      () => {
        expect(log.problem).toBeUndefined();
      },
      { timeout: 60_000 },
    );
    await pass(1);
    expect(problems).toEqual([expect.stringContaining('was deleted'), undefined]);
    await log.stop();
    expect((await verifyFolder(join(directory, 'main'))).problemCount).toBe(0);
  });
});

describe('a log that may open later', () => {
  it('begins after its folder can be created, and reports that the problem is over', async () => {
    fs.writeFileSync(join(directory, 'main'), 'in the way');
    expect(() => open()).toThrow();
    const { log, problems } = open({ opensLater: true });
    expect(log.append([RECORD])).toBe(0);
    expect(log.state).toMatchObject({ name: `${ORIGIN}/main`, size: 0, isFailing: true });
    await pass(2);
    expect(problems).toHaveLength(1);
    fs.rmSync(join(directory, 'main'));
    await pass(1);
    expect(log.append([RECORD])).toBe(1);
    expect(problems).toEqual([expect.stringContaining('the audit log cannot be written: '), undefined]);
    await log.stop();
    expect((await verifyFolder(join(directory, 'main'))).problemCount).toBe(0);
  });

  it('does not begin while another writer has the log', () => {
    open();
    expect(() => open({ opensLater: true })).toThrow(LockHeld);
  });
});

describe('evidence', () => {
  it('is reported at the start and every 10 minutes, until a person has moved it', async () => {
    open().log.append([RECORD]);
    await opened.pop()?.stop();
    fs.truncateSync(join(directory, 'main', records(0)), 10);
    const { log, sealed } = open();
    expect(sealed).toHaveLength(1);
    expect(log.state.sealed).toBe(1);
    await pass(601);
    expect(sealed).toHaveLength(2);
    expect(sealed[0]).toEqual([expect.stringMatching(/^main\..*\.sealed$/)]);
    fs.renameSync(join(directory, sealed[0]?.[0] ?? ''), join(temporaryFolder(), 'kept'));
    await pass(600);
    expect(sealed).toHaveLength(2);
    expect(log.state.sealed).toBe(0);
  });

  it('is also reported after the clock was set back', async () => {
    fs.mkdirSync(join(directory, 'main.20261126T190000000Z.sealed'));
    const { sealed } = open();
    now -= 86_400 * SECOND;
    await pass(601);
    expect(sealed.length).toBeGreaterThan(1);
  });
});

describe('a failing disk', () => {
  function failSync(times: number): void {
    for (let time = 0; time < times; time += 1) {
      vi.mocked(fs.fdatasync).mockImplementationOnce((_descriptor, callback) => {
        setImmediate(callback, FAILED);
      });
    }
  }

  it('is a problem until it accepts a write, although records are appended meanwhile', async () => {
    const { log, problems } = open({ sync: 'always' });
    failSync(3);
    for (let round = 0; round < 3; round += 1) {
      expect(log.append([RECORD])).toBe(1);
      expect(await log.settle()).toBe(false);
    }
    expect(log.problem).toContain('EIO');
    expect(log.append([RECORD])).toBe(1);
    expect(log.problem).toContain('EIO');
    expect(await log.settle()).toBe(true);
    expect(log.problem).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('EIO'), undefined]);
  });

  it('is a problem when the records of a checkpoint cannot be synced', async () => {
    const { log, problems } = open({ sync: 'interval' });
    failSync(1);
    await pass(1);
    log.append([RECORD]);
    await vi.waitFor(
      () => {
        expect(problems).toEqual([expect.stringContaining('EIO')]);
      },
      { timeout: 60_000 },
    );
    await pass(1);
    await vi.waitFor(
      () => {
        expect(problems).toEqual([expect.stringContaining('EIO'), undefined]);
      },
      { timeout: 60_000 },
    );
  });

  it('is a problem if it does not respond', async () => {
    const { log } = open({ sync: 'always' });
    let answer = (): void => undefined;
    vi.mocked(fs.fdatasync).mockImplementationOnce((_descriptor, callback) => {
      answer = () => {
        callback(null);
      };
    });
    log.append([RECORD]);
    const settled = log.settle();
    expect(log.problem).toBeUndefined();
    vi.advanceTimersByTime(300);
    expect(log.problem).toBe('the audit log cannot be written: its disk does not answer');
    expect(log.state.isFailing).toBe(true);
    answer();
    expect(await settled).toBe(true);
    expect(log.problem).toBeUndefined();
  });
});

describe('stop', () => {
  it('ends the log, and nothing is written after it', async () => {
    const { log } = open();
    expect(await log.stop()).toBeUndefined();
    const others = Array.from({ length: 4 }, (_, index) => fs.openSync(join(directory, `other${index}`), 'a'));
    expect(log.append([RECORD])).toBe(0);
    expect(await log.stop()).toBeUndefined();
    await pass(120);
    expect(typesOf()).toEqual(['start', 'stop']);
    for (const other of others) {
      expect(fs.fstatSync(other).size).toBe(0);
      fs.closeSync(other);
    }
  });

  it('reports the cause if it cannot end the log', async () => {
    const { log } = open();
    fs.appendFileSync(join(directory, 'main', records(0)), 'x');
    expect(await log.stop()).toMatch(/was changed by another process$/);
  });

  it('reports the cause if the log was lost', async () => {
    const { log } = open();
    fs.renameSync(directory, `${directory}.away`);
    await pass(2);
    expect(await log.stop()).toMatch(/does not exist$/);
    fs.rmSync(`${directory}.away`, { recursive: true });
  });
});

describe('a followed log', () => {
  const cliOptions = { slot: 'cli', privateKey };

  /** A log that follows `cli`. `followed` has the names and sizes that it has recorded, and the problems. */
  function openFollowing(options: Partial<AuditLogOptions> = {}) {
    const followed: unknown[] = [];
    const opened = open({
      follows: {
        slot: 'cli',
        onCheckpoint: (name, { size }) => followed.push([name, size]),
        onProblem: (problem) => followed.push(problem),
      },
      ...options,
    });
    return { ...opened, followed };
  }

  async function act(options: Partial<AuditLogOptions> = {}): Promise<void> {
    const cli = openLog(directory, { ...cliOptions, ...options });
    appendAll(cli, [{ type: 'admin', time: '2026-11-26T19:00:00.000Z' }]);
    await cli.checkpoint();
    cli.abandon();
  }

  it('has each of its newest checkpoints recorded once', async () => {
    const { followed } = openFollowing();
    await pass(2);
    await act();
    await pass(3);
    await act();
    await pass(1);
    expect(followed).toEqual([
      [`${ORIGIN}/cli`, 2],
      [`${ORIGIN}/cli`, 4],
    ]);
    expect(typesOf()).toEqual(['start', 'checkpoint', 'checkpoint']);
  });

  it('has its newest checkpoint recorded when this log begins', async () => {
    await act();
    openFollowing();
    expect(typesOf()).toEqual(['start', 'checkpoint']);
  });

  it('has its newest checkpoint recorded before this log ends', async () => {
    const { log } = openFollowing();
    await act();
    await log.stop();
    expect(typesOf()).toEqual(['start', 'checkpoint', 'stop']);
  });

  it('has its newest checkpoint recorded again in a log that replaces a lost one', async () => {
    openFollowing();
    await act();
    await pass(1);
    fs.rmSync(join(directory, 'main'), { recursive: true });
    await pass(3);
    expect(typesOf()).toEqual(['start', 'checkpoint']);
  });

  it('has no checkpoint recorded that another key has signed, or that is not whole', async () => {
    const { followed } = openFollowing();
    await act({ privateKey: newSigningKey() });
    await pass(1);
    fs.appendFileSync(join(directory, 'cli', notes(0)), 'nonsense\n\nnonsense\n\n');
    await pass(1);
    expect(followed).toEqual([]);
    expect(typesOf()).toEqual(['start']);
  });

  it('that cannot be read is reported once, and does not stop this log', async () => {
    const { log, problems, followed } = openFollowing();
    fs.writeFileSync(join(directory, 'cli'), 'a file');
    await pass(2);
    expect(followed).toEqual([expect.stringContaining('ENOTDIR')]);
    fs.rmSync(join(directory, 'cli'));
    await act();
    await pass(1);
    expect(followed.slice(1)).toEqual([[`${ORIGIN}/cli`, 2], undefined]);
    expect([log.problem, problems]).toEqual([undefined, []]);
  });

  it('whose file is a FIFO does not stop this process', async () => {
    const { followed } = openFollowing();
    await act();
    fs.rmSync(join(directory, 'cli', notes(0)));
    execFileSync('mkfifo', [join(directory, 'cli', notes(0))]);
    await pass(1);
    expect(followed).toEqual([expect.stringContaining('is not a regular file')]);
  });
});

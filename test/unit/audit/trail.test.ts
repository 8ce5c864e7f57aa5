import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditLog, type AuditLogOptions } from '../../../src/audit/log/auditLog.ts';
import { Trail } from '../../../src/audit/trail/trail.ts';
import type { RecordStream, TrailEntry, TrailOptions, WaitingLine } from '../../../src/audit/trail/trailEntry.ts';
import { newSigningKey, ORIGIN } from '../../support/auditLogs.ts';
import { recordsOf } from '../../support/auditRecords.ts';
import type { LogRecord } from '../../support/processLog.ts';
import { records, verifyFolder } from '../../support/logUnderTest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  return { ...original, fdatasync: vi.fn(original.fdatasync), writeSync: vi.fn(original.writeSync) };
});

const MAX_WAITING = 4_096;
const privateKey = newSigningKey();
const FULL = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** Accepts lines, unless it is stalled. */
class FakeStream implements RecordStream {
  readonly maxLineBytes = Infinity;
  readonly written: string[] = [];
  /** The number of lines that each flush has written. */
  readonly flushes: number[] = [];
  isStalled = false;
  #waiting: WaitingLine[] = [];

  get problem(): string | undefined {
    return this.isStalled ? 'stalled' : undefined;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(line: WaitingLine): void {
    this.#waiting.push(line);
  }

  flush(): void {
    if (this.isStalled) return;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) this.flushes.push(lines.length);
    for (const { text, onWritten } of lines) {
      this.written.push(text);
      onWritten?.();
    }
  }

  /** Accepts a part of the first waiting line. */
  takePart(): void {
    const [first] = this.#waiting;
    if (first) first.isTaken = true;
  }

  get records(): LogRecord[] {
    return recordsOf(this.written.join(''));
  }
}

let directory = '';
let stream = new FakeStream();
let isFull = false;
const logs: AuditLog[] = [];

beforeEach(() => {
  directory = temporaryFolder();
  stream = new FakeStream();
  isFull = false;
  const write = vi.mocked(fs.writeSync).getMockImplementation();
  vi.mocked(fs.writeSync).mockImplementation((...args) => {
    if (isFull) throw FULL;
    return write?.(...args) ?? 0;
  });
});
afterEach(async () => {
  isFull = false;
  for (const log of logs.splice(0)) await log.stop();
  vi.resetAllMocks();
});

function openLog(options: Partial<AuditLogOptions> = {}): AuditLog {
  const log = new AuditLog({
    directory,
    slot: 'main',
    origin: ORIGIN,
    privateKey,
    sync: 'never',
    segmentRecords: 100_000,
    checkpointSeconds: 100,
    clock: Date.now,
    about: {},
    onProblem: () => undefined,
    onSealed: () => undefined,
    ...options,
  });
  logs.push(log);
  return log;
}

function trailOf(options: Partial<TrailOptions> = {}): Trail {
  return new Trail({
    stream,
    base: { worker: 1 },
    auditLog: undefined,
    onFailure: 'refuse',
    requests: 'all',
    onUnrecorded: () => undefined,
    ...options,
  });
}

/** A request that keeps its outcome. */
class Request implements TrailEntry {
  static #numbers = 0;
  readonly number = (Request.#numbers += 1);
  readonly record: TrailEntry['record'];
  outcome: 'waits' | 'answered' | 'refused' = 'waits';
  index: number | undefined;

  readonly arrivedAt = performance.now();

  constructor() {
    const members = { number: this.number, outcome: 'success' };
    this.record = { type: 'request', time: '2026-11-26T19:00:00.000Z', level: 'info', members };
  }

  readonly onWritten = (index: number | undefined): void => {
    expect(this.outcome).toBe('waits');
    this.outcome = 'answered';
    this.index = index;
  };

  readonly onLate = (): object => {
    expect(this.outcome).toBe('waits');
    this.outcome = 'refused';
    return { number: this.number, outcome: 'failure' };
  };
}

/** Records this number of requests in this turn. */
function record(trail: Trail, count: number): Request[] {
  const requests = Array.from({ length: count }, () => new Request());
  for (const request of requests) trail.record(request);
  return requests;
}

function recordOne(trail: Trail): Request {
  const request = new Request();
  trail.record(request);
  return request;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves when all requests have that outcome. */
async function become(requests: readonly Request[], outcome: Request['outcome']): Promise<void> {
  await vi.waitFor(
    () => {
      expect(new Set(requests.map((request) => request.outcome))).toEqual(new Set([outcome]));
    },
    { timeout: 60_000 },
  );
}

function audited(): LogRecord[] {
  return recordsOf(fs.readFileSync(join(directory, 'main', records(0)), 'utf8'));
}

function ofNumbers(all: readonly LogRecord[], requests: readonly Request[]): LogRecord[] {
  const numbers = new Set(requests.map(({ number }) => number));
  return all.filter(({ number }) => numbers.has(number as number));
}

describe('records that become ready in one turn', () => {
  it('are written with one call to each sink, in order, and then answered', async () => {
    const trail = trailOf({ auditLog: openLog() });
    vi.mocked(fs.writeSync).mockClear();
    const requests = record(trail, 100);
    expect(requests.every(({ outcome }) => outcome === 'waits')).toBe(true);
    await turn();
    expect(requests.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(fs.writeSync).toHaveBeenCalledOnce();
    expect(stream.flushes).toEqual([100]);
    expect(requests.map(({ index }) => index)).toEqual(requests.map((_, position) => position + 1));
    const numbers = requests.map(({ number }) => number);
    expect(stream.records.map(({ number }) => number)).toEqual(numbers);
    expect(audited().map(({ number }) => number)).toEqual([undefined, ...numbers]);
    expect(stream.records[0]).toEqual({
      level: 'info',
      time: '2026-11-26T19:00:00.000Z',
      worker: 1,
      index: 1,
      number: numbers[0],
      outcome: 'success',
      msg: 'request',
    });
  });

  it('have no index without an audit log', async () => {
    const request = recordOne(trailOf());
    await turn();
    expect([request.outcome, request.index]).toEqual(['answered', undefined]);
    expect(stream.records[0]).not.toHaveProperty('index');
  });

  it('have no line if only failures have one', async () => {
    const trail = trailOf({ auditLog: openLog(), requests: 'failures' });
    const [success, failure] = [new Request(), new Request()];
    trail.record(success);
    const { arrivedAt, onWritten, onLate } = failure;
    trail.record({ arrivedAt, onWritten, onLate, record: { ...failure.record, level: 'warn' } });
    await turn();
    expect([success.outcome, failure.outcome]).toEqual(['answered', 'answered']);
    expect(stream.records.map(({ number }) => number)).toEqual([failure.number]);
    expect(audited()).toHaveLength(3);
  });
});

describe('notes', () => {
  it('are only for the audit log', async () => {
    const trail = trailOf({ auditLog: openLog() });
    trail.note('reload', { outcome: 'success' });
    await turn();
    expect(audited()[1]).toMatchObject({ index: 1, type: 'reload', outcome: 'success' });
    expect(stream.written).toEqual([]);
    trailOf().note('reload', {});
  });

  it('do not fill the memory while the audit log fails, because they are only counted', async () => {
    const trail = trailOf({ auditLog: openLog() });
    isFull = true;
    for (let note = 0; note < MAX_WAITING + 10; note += 1) trail.note('checkpoint', { note });
    await turn();
    expect(trail.isFull).toBe(true);
    isFull = false;
    await vi.waitFor(
      () => {
        expect(audited().at(-1)).toMatchObject({ type: 'omitted', count: 10 });
      },
      { timeout: 60_000 },
    );
    expect(audited()).toHaveLength(1 + MAX_WAITING + 1);
  });
});

describe('a stream that stalls', () => {
  it('without an audit log, a late request is refused, and its record is changed', async () => {
    const trail = trailOf();
    stream.isStalled = true;
    const requests = record(trail, 3);
    expect(trail.problem).toBe('stalled');
    await become(requests, 'refused');
    stream.isStalled = false;
    await vi.waitFor(
      () => {
        expect(stream.records).toHaveLength(3);
      },
      { timeout: 60_000 },
    );
    for (const line of stream.records)
      expect(line).toMatchObject({ level: 'error', msg: 'request', outcome: 'failure' });
  });

  it('gets a correction after a line that was written partially', async () => {
    const trail = trailOf();
    stream.isStalled = true;
    const request = recordOne(trail);
    await turn();
    stream.takePart();
    await become([request], 'refused');
    stream.isStalled = false;
    await vi.waitFor(
      () => {
        expect(stream.records.map(({ msg, outcome }) => [msg, outcome])).toEqual([
          ['request', 'success'],
          ['correction', 'failure'],
        ]);
      },
      { timeout: 60_000 },
    );
  });

  it('with an audit log, each late request has a correction with its index in both sinks', async () => {
    const trail = trailOf({ auditLog: openLog() });
    record(trail, 2);
    await turn();
    stream.isStalled = true;
    const requests = record(trail, 3);
    await become(requests, 'refused');
    stream.isStalled = false;
    await vi.waitFor(
      () => {
        expect(stream.records).toHaveLength(8);
      },
      { timeout: 60_000 },
    );
    for (const all of [stream.records, audited()]) {
      for (const request of requests) {
        const [success, correction] = ofNumbers(all, [request]);
        expect(success).toMatchObject({ outcome: 'success' });
        expect(correction).toMatchObject({ outcome: 'failure', corrects: success?.['index'] });
      }
    }
  });

  it('limits the waiting records, and counts further requests in one record', async () => {
    const trail = trailOf();
    stream.isStalled = true;
    const requests = record(trail, MAX_WAITING - 1);
    await turn();
    expect(trail.isFull).toBe(false);
    record(trail, 1);
    expect(trail.isFull).toBe(true);
    for (let connection = 0; connection < 20; connection += 1) {
      trail.omit();
      await sleep(5);
    }
    await become(requests, 'refused');
    stream.isStalled = false;
    await vi.waitFor(
      () => {
        expect(stream.records.filter(({ msg }) => msg === 'requests were omitted')).toMatchObject([{ count: 20 }]);
      },
      { timeout: 60_000 },
    );
    expect(stream.records).toHaveLength(MAX_WAITING + 1);
  });
});

describe('an audit log that accepts nothing', () => {
  it('a late request is refused, and its record is changed in place', async () => {
    const trail = trailOf({ auditLog: openLog() });
    isFull = true;
    const requests = record(trail, 3);
    await become(requests, 'refused');
    expect(trail.problem).toContain('ENOSPC');
    isFull = false;
    await vi.waitFor(
      () => {
        expect(audited()).toHaveLength(4);
      },
      { timeout: 60_000 },
    );
    expect(audited().slice(1)).toEqual(
      requests.map(({ number }) => expect.objectContaining({ type: 'request', number, outcome: 'failure' }) as object),
    );
    expect(stream.records.map(({ outcome }) => outcome)).toEqual(['failure', 'failure', 'failure']);
  });

  it('is tried with one record, not with all waiting records', async () => {
    const auditLog = openLog();
    const trail = trailOf({ auditLog });
    isFull = true;
    const append = vi.spyOn(auditLog, 'append');
    record(trail, 500);
    await turn();
    append.mockClear();
    await vi.waitFor(
      () => {
        expect(append.mock.calls.length).toBeGreaterThan(3);
      },
      { timeout: 60_000 },
    );
    expect(new Set(append.mock.calls.map(([lines]) => lines.length))).toEqual(new Set([1]));
    isFull = false;
    await vi.waitFor(
      () => {
        expect(audited()).toHaveLength(501);
      },
      { timeout: 60_000 },
    );
    // Then with all the others at once.
    expect(append.mock.calls.at(-1)?.[0]).toHaveLength(499);
  });

  it('with onFailure: serve, requests are answered, and counted in one record', async () => {
    const onUnrecorded = vi.fn();
    const trail = trailOf({ auditLog: openLog(), onFailure: 'serve', onUnrecorded });
    isFull = true;
    const requests = [...record(trail, 3)];
    await become(requests, 'answered');
    requests.push(...record(trail, 2));
    await become(requests, 'answered');
    expect(requests.map(({ index }) => index)).toEqual(Array(5).fill(undefined));
    expect(trail.problem).toBeUndefined();
    expect(onUnrecorded.mock.calls).toEqual([[3], [2]]);
    isFull = false;
    const after = recordOne(trail);
    await become([after], 'answered');
    await vi.waitFor(
      () => {
        expect(audited().slice(1)).toContainEqual(expect.objectContaining({ type: 'omitted', count: 5 }));
      },
      { timeout: 60_000 },
    );
    expect(ofNumbers(audited(), requests)).toEqual([]);
    expect(ofNumbers(stream.records, requests)).toHaveLength(5);
  });

  it('after a new log began, a correction names no index of the previous log', async () => {
    const auditLog = openLog();
    const trail = trailOf({ auditLog });
    stream.isStalled = true;
    const request = recordOne(trail);
    await turn();
    fs.rmSync(join(directory, 'main'), { recursive: true });
    const others = record(trail, 1);
    await become([request, ...others], 'refused');
    stream.isStalled = false;
    await vi.waitFor(
      () => {
        expect(ofNumbers(audited(), [request])).toMatchObject([{ type: 'correction', outcome: 'failure' }]);
      },
      { timeout: 60_000 },
    );
    expect(ofNumbers(audited(), [request])[0]).not.toHaveProperty('corrects');
  });
});

describe('sync: always', () => {
  it('answers when the records are on disk, and then syncs the waiting records with one call', async () => {
    const trail = trailOf({ auditLog: openLog({ sync: 'always' }) });
    let answer = (): void => undefined;
    vi.mocked(fs.fdatasync).mockImplementationOnce((_descriptor, callback) => {
      answer = () => {
        callback(null);
      };
    });
    const first = record(trail, 2);
    await turn();
    const others = [...record(trail, 2)];
    await turn();
    others.push(...record(trail, 2));
    await turn();
    expect(audited()).toHaveLength(3);
    expect([...first, ...others].every(({ outcome }) => outcome === 'waits')).toBe(true);
    answer();
    await become([...first, ...others], 'answered');
    expect(fs.fdatasync).toHaveBeenCalledTimes(2);
    expect(stream.records.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses requests whose records a disk failed to sync, because a second sync would report success', async () => {
    const trail = trailOf({ auditLog: openLog({ sync: 'always' }) });
    vi.mocked(fs.fdatasync).mockImplementationOnce((_descriptor, callback) => {
      setImmediate(callback, Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
    });
    const requests = record(trail, 2);
    await become(requests, 'refused');
    const after = recordOne(trail);
    await become([after], 'answered');
    await vi.waitFor(
      () => {
        expect(ofNumbers(audited(), requests).map(({ type, outcome, corrects }) => [type, outcome, corrects])).toEqual([
          ['request', 'success', undefined],
          ['request', 'success', undefined],
          ['correction', 'failure', 1],
          ['correction', 'failure', 2],
        ]);
      },
      { timeout: 60_000 },
    );
  });

  it('with onFailure: serve, a hanging disk delays no answer', async () => {
    const trail = trailOf({ auditLog: openLog({ sync: 'always' }), onFailure: 'serve' });
    let answer = (): void => undefined;
    vi.mocked(fs.fdatasync).mockImplementationOnce((_descriptor, callback) => {
      answer = () => {
        callback(null);
      };
    });
    const first = record(trail, 1);
    await sleep(100);
    const second = record(trail, 1);
    await become([...first, ...second], 'answered');
    answer();
    await become(record(trail, 1), 'answered');
    expect(ofNumbers(audited(), first)).toHaveLength(1);
    expect(ofNumbers(audited(), second)).toEqual([]);
    expect(audited()).toContainEqual(expect.objectContaining({ type: 'omitted', count: 1 }));
  });
});

describe('stop', () => {
  it('writes the waiting records and ends the log', async () => {
    const trail = trailOf({ auditLog: openLog() });
    const requests = record(trail, 3);
    expect(await trail.stop(performance.now())).toEqual([]);
    expect(requests.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(audited().map(({ type }) => type)).toEqual(['start', 'request', 'request', 'request', 'stop']);
    expect((await verifyFolder(join(directory, 'main'))).problemCount).toBe(0);
  });

  it('waits for a sink until its deadline', async () => {
    const trail = trailOf({ auditLog: openLog() });
    stream.isStalled = true;
    record(trail, 3);
    setTimeout(() => {
      stream.isStalled = false;
    }, 50);
    expect(await trail.stop(performance.now() + 10_000)).toEqual([]);
    expect(stream.records).toHaveLength(3);
  });

  it('waits for the line of the last checkpoint', async () => {
    const checkpoint = (): void => {
      stream.isStalled = true;
      stream.push({ text: '{"msg":"audit checkpoint"}\n' });
      setTimeout(() => {
        stream.isStalled = false;
      }, 30);
    };
    const trail = trailOf({ auditLog: openLog({ onCheckpoint: checkpoint }) });
    expect(await trail.stop(performance.now() + 10_000)).toEqual([]);
    expect(stream.records).toEqual([{ msg: 'audit checkpoint' }]);
  });

  it('reports how many records were lost, and why', async () => {
    const trail = trailOf();
    stream.isStalled = true;
    record(trail, 3);
    expect(await trail.stop(performance.now() + 30)).toEqual(['3 records were lost: stalled']);
  });

  it('reports why the audit log could not be ended', async () => {
    const trail = trailOf({ auditLog: openLog() });
    record(trail, 2);
    isFull = true;
    expect(await trail.stop(performance.now() + 30)).toEqual([
      '2 records were lost: the audit log cannot be written: ENOSPC: no space left on device, write',
      'the audit log was not ended: ENOSPC: no space left on device, write',
    ]);
  });

  it('is final: later records are not written', async () => {
    const trail = trailOf({ auditLog: openLog() });
    await trail.stop(performance.now());
    const late = recordOne(trail);
    await turn();
    await turn();
    expect(late.outcome).toBe('waits');
    expect(audited().map(({ type }) => type)).toEqual(['start', 'stop']);
  });
});

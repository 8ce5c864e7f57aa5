import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { TrailEntry } from '../../../src/audit/trail/trailEntry.ts';
import { LimitedTrail } from '../../../src/http/limitedTrail.ts';

const RATE = { requestsPerSecond: 5, burst: 3 };

let recorded: TrailEntry[];
let trail: LimitedTrail;
/** The notifications of the requests, in this order. */
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  recorded = [];
  told = [];
  const clock = () => performance.now();
  trail = new LimitedTrail({ record: (entry) => void recorded.push(entry) }, clock, RATE);
});

function request(name: string): TrailEntry {
  return {
    record: { type: 'request', time: '2026-01-01T00:00:00.000Z', level: 'warn', members: { name } },
    arrivedAt: performance.now(),
    onWritten: (index) => void told.push(`${name} is written at ${index ?? 'no index'}`),
    onLate: () => {
      told.push(`${name} is late`);
      return { name };
    },
  };
}

/** Sends unauthenticated requests, and returns which have a record of their own. */
function send(...names: readonly string[]): boolean[] {
  return names.map((name) => trail.recordUnauthenticated(request(name)));
}

it('beyond the limit, requests within 100 ms share one record, which counts them', () => {
  expect(send('1', '2', '3', '4', '5')).toEqual([true, true, true, false, false]);
  expect(recorded.map(({ record }) => record.members)).toEqual([{ name: '1' }, { name: '2' }, { name: '3' }]);
  vi.advanceTimersByTime(99);
  send('6');
  expect(recorded).toHaveLength(3);
  vi.advanceTimersByTime(1);
  expect(recorded.slice(3).map(({ record }) => record)).toMatchObject([
    { type: 'omitted', members: { count: 3, reason: 'unauthenticated requests beyond the limit of records' } },
  ]);
});

it('their answers wait for that record', () => {
  send('1', '2', '3', '4', '5');
  vi.advanceTimersByTime(100);
  expect(told).toEqual([]);
  recorded.at(-1)?.onWritten(7);
  expect(told).toEqual(['4 is written at no index', '5 is written at no index']);
});

it('they are late together, from the arrival of the first one', () => {
  send('1', '2', '3');
  const arrivedAt = performance.now();
  send('4');
  vi.advanceTimersByTime(50);
  send('5');
  vi.advanceTimersByTime(50);
  expect(recorded.at(-1)?.arrivedAt).toBe(arrivedAt);
  expect(recorded.at(-1)?.onLate()).toMatchObject({ count: 2 });
  expect(told).toEqual(['4 is late', '5 is late']);
});

it('after a while, requests have their own records again', () => {
  send('1', '2', '3', '4');
  vi.advanceTimersByTime(1_000);
  expect(send('5', '6', '7', '8')).toEqual([true, true, true, false]);
});

it('an authenticated request is not limited', () => {
  for (let count = 0; count < 10; count += 1) trail.record(request('signed'));
  expect(recorded).toHaveLength(10);
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Tally } from '../../../src/audit/trail/tally.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('counts from the first to the last, and then restarts', () => {
  const tally = new Tally();
  expect(tally.take('reason')).toBeUndefined();
  for (const time of [1_000, 2_000, 3_000]) {
    vi.setSystemTime(time);
    tally.add();
  }
  expect(tally.count).toBe(3);
  const [from, to] = ['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:03.000Z'];
  expect(tally.take('reason')).toEqual({ count: 3, reason: 'reason', from, to });
  expect(tally.count).toBe(0);
  expect(tally.take('reason')).toBeUndefined();
  tally.add();
  expect(tally.take('other')).toEqual({ count: 1, reason: 'other', from: to, to });
});

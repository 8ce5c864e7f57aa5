import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { START_MS, startInTime } from '../../../../src/server/workers/startInTime.ts';

let late: number;
const onLate = () => {
  late += 1;
};

beforeEach(() => {
  late = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a start that hangs is told of when its time is over, and fails as it then fails', async () => {
  const { promise, reject } = Promise.withResolvers<undefined>();
  const start = startInTime(promise, onLate);
  vi.advanceTimersByTime(START_MS - 1);
  expect(late).toBe(0);
  vi.advanceTimersByTime(1);
  expect(late).toBe(1);
  reject(new Error('worker 3 has ended'));
  await expect(start).rejects.toThrow(/^worker 3 has ended$/);
});

it.each([
  ['that comes to its end', () => Promise.resolve()],
  ['that fails', () => Promise.reject(new Error('no token'))],
])('a start %s is never late', async (_, begin) => {
  await startInTime(begin(), onLate).catch(() => undefined);
  expect(vi.getTimerCount()).toBe(0);
  expect(late).toBe(0);
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Repetition } from '../../../src/timing/repetition.ts';

/** The milliseconds at which runs began. */
let runs: number[];
let pauseMs: number;
let work: () => Promise<void>;
let repetition: Repetition;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [runs, pauseMs, work] = [[], 100, () => Promise.resolve()];
  repetition = new Repetition(
    () => {
      runs.push(Date.now());
      return work();
    },
    () => pauseMs,
  );
});

afterEach(() => {
  repetition.stop();
  vi.useRealTimers();
});

/** Work that lasts until the returned function is called. */
function holdWork(): () => void {
  const held = Promise.withResolvers<undefined>();
  work = () => held.promise;
  return () => {
    work = () => Promise.resolve();
    held.resolve(undefined);
  };
}

it('runs at once, and again after each pause', async () => {
  await repetition.run();
  await vi.advanceTimersByTimeAsync(150);
  pauseMs = 30;
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toEqual([0, 100, 200, 230]);
});

it('runs once if it is requested twice, and both callers wait for the end', async () => {
  const release = holdWork();
  const ended = vi.fn();
  const both = [repetition.run().then(ended), repetition.run().then(ended)];
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ended).not.toHaveBeenCalled();
  release();
  await Promise.all(both);
  expect(runs).toEqual([0]);
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toEqual([0, 1_100]);
});

it('ends with the current run', async () => {
  const release = holdWork();
  const run = repetition.run();
  const ended = vi.fn();
  const end = repetition.end().then(ended);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ended).not.toHaveBeenCalled();
  release();
  await Promise.all([run, end]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toEqual([0]);
});

it('runs now, without waiting for the pause', async () => {
  await repetition.run();
  await vi.advanceTimersByTimeAsync(40);
  await repetition.run();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toEqual([0, 40, 140]);
});

it.each([
  ['sooner', 20],
  ['later', 500],
])('begins the next run %s on request', async (_when, milliseconds) => {
  await repetition.run();
  repetition.runIn(milliseconds);
  await vi.advanceTimersByTimeAsync(milliseconds + 100);
  expect(runs).toEqual([0, milliseconds, milliseconds + 100]);
});

it('keeps a request from during a run, and does not begin a second run meanwhile', async () => {
  const release = holdWork();
  const running = repetition.run();
  repetition.runIn(0);
  await vi.advanceTimersByTimeAsync(50);
  expect(runs).toEqual([0]);
  release();
  await running;
  await vi.advanceTimersByTimeAsync(0);
  expect(runs).toEqual([0, 50]);
});

it('begins nothing after it is stopped, even at the end of a run', async () => {
  const release = holdWork();
  const running = repetition.run();
  await vi.advanceTimersByTimeAsync(0);
  repetition.stop();
  release();
  await running;
  repetition.runIn(0);
  await repetition.run();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toEqual([0]);
  expect(vi.getTimerCount()).toBe(0);
});

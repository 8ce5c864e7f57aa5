import { expect, it } from 'vitest';
import { addLatencies, quantileMs, readLatency } from '../../../../src/monitoring/status/latency.ts';

const bucket = (le: number | string, value: number) => ({ labels: { le: String(le) }, value });

it('counts the operations between two bounds, over several histograms', () => {
  const latency = readLatency([
    bucket(0.0005, 1),
    bucket(0.001, 3),
    bucket('+Inf', 3),
    bucket(0.0005, 0),
    bucket(0.001, 0),
    bucket('+Inf', 4),
  ]);
  expect(latency.slice(0, 2)).toEqual([1, 2]);
  expect(latency.at(-1)).toBeGreaterThan(0);
});

const latencyOf = (counts: Readonly<Record<number, number>>) =>
  Array.from({ length: 14 }, (_, index) => counts[index] ?? 0);

it.each([
  // Nothing has happened.
  [{}, 0.5, undefined],
  // 100 between 1 and 2 ms.
  [{ 2: 100 }, 0.5, 1.5],
  [{ 2: 100 }, 0.99, 1.99],
  // One of 100 beyond a second.
  [{ 2: 99, 13: 1 }, 0.5, 1 + 50 / 99],
  [{ 2: 90, 13: 10 }, 0.99, 1000],
])('of the operations %o, the share %d ended within %s ms', (counts, share, expected) => {
  const quantile = quantileMs(latencyOf(counts), share);
  if (expected === undefined) expect(quantile).toBeUndefined();
  else expect(quantile).toBeCloseTo(expected, 6);
});

it('adds up the buckets of several histograms', () => {
  expect(addLatencies([latencyOf({ 1: 2 }), latencyOf({ 1: 3, 13: 1 })])).toEqual(latencyOf({ 1: 5, 13: 1 }));
});

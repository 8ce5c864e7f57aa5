import { describe, expect, it } from 'vitest';
import { summarize } from '../../../src/conformance/timing.ts';
import { percentile } from '../../../src/xksClient/latencies.ts';

describe('percentile', () => {
  it.each([
    [[], 50, 0],
    [[7], 99, 7],
    [[1, 2, 3, 4], 50, 2],
    [[1, 2, 3, 4], 99, 4],
    [Array.from({ length: 200 }, (_, index) => index + 1), 99, 198],
  ])('of %j at %i is %d', (sorted, percent, expected) => {
    expect(percentile(sorted, percent)).toBe(expected);
  });
});

it('summarize sorts, and counts samples above 250 ms', () => {
  expect(summarize('encrypt', [300, 250, 1, 10], 1)).toEqual({
    operation: 'encrypt',
    samplesMs: [300, 250, 1, 10],
    failures: 1,
    p50Ms: 10,
    p99Ms: 300,
    maxMs: 300,
    overLimit: 0.25,
  });
});

import { LATENCY_BUCKETS } from '../metrics/latencyBuckets.ts';
import type { MetricSeries } from './metricReader.ts';

/** How many operations took how long: one count for each of LATENCY_BUCKETS, and one for those beyond. */
export type Latency = readonly number[];

const BUCKETS = LATENCY_BUCKETS.length + 1;

/** The sum of histograms' buckets, which count all that is below them. */
export function readLatency(buckets: readonly MetricSeries[]): Latency {
  const upTo = new Array<number>(BUCKETS).fill(0);
  for (const { labels, value } of buckets) {
    const index = LATENCY_BUCKETS.indexOf(Number(labels['le']));
    const bucket = index === -1 ? BUCKETS - 1 : index;
    upTo[bucket] = (upTo[bucket] ?? 0) + value;
  }
  return upTo.map((count, bucket) => count - (upTo[bucket - 1] ?? 0));
}

export function addLatencies(latencies: readonly Latency[]): Latency {
  return Array.from({ length: BUCKETS }, (_, bucket) => latencies.reduce((sum, each) => sum + (each[bucket] ?? 0), 0));
}

/**
 * Milliseconds within which this share of the operations ended, between two bounds as if they were evenly spread; undefined if there
 * were none. What is beyond the last bound counts as that.
 */
export function quantileMs(latency: Latency, share: number): number | undefined {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = share * total;
  let fromMs = 0;
  for (const [bucket, count] of latency.entries()) {
    const bound = LATENCY_BUCKETS[bucket];
    if (bound === undefined) break;
    if (count >= left && count > 0) return fromMs + (left / count) * (bound * 1000 - fromMs);
    left -= count;
    fromMs = bound * 1000;
  }
  return fromMs;
}

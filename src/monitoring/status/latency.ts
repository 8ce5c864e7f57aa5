import { LATENCY_BUCKETS } from '../metrics/latencyBuckets.ts';
import { increase } from './increase.ts';
import type { MetricSeries } from './metricReader.ts';

/** Number of operations in each of LATENCY_BUCKETS, and of slower ones. */
export type Latency = readonly number[];

const BUCKETS = LATENCY_BUCKETS.length + 1;

/** Adds up the buckets of histograms, each of which also counts all smaller values. */
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

export function subtractLatency(now: Latency, was: Latency | undefined): Latency {
  return now.map((count, bucket) => increase(count, was?.[bucket]));
}

/**
 * Returns the milliseconds within which this share of the operations ended; undefined if there were none. Values between two
 * bounds count as evenly spread. Values beyond the last bound count as that bound.
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

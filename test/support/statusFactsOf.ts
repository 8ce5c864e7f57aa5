import type { MetricsSnapshot } from '../../src/monitoring/metrics/metricsSnapshot.ts';
import { MetricReader } from '../../src/monitoring/status/metricReader.ts';
import type { RequestCounts } from '../../src/monitoring/status/requestCounts.ts';
import { NO_TOTALS, type Sample } from '../../src/monitoring/status/sample.ts';
import { statusFacts, type StatusFacts } from '../../src/monitoring/status/statusFacts.ts';

export const NOW = Date.parse('2026-01-02T03:04:05Z');

/** Metrics: their names, labels and values. */
export type Given = readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[];

/** What the status page shows of a proxy that is ready and has these metrics. */
export function factsOf(given: Given, changed: Partial<StatusFacts> = {}): StatusFacts {
  const metrics = [...Map.groupBy(given, ([name]) => name)].map(([name, series]) => ({
    name,
    help: '',
    type: 'gauge',
    aggregator: 'sum',
    values: series.map(([, labels, value]) => ({ labels, value })),
  }));
  return statusFacts({
    hostname: 'proxy-1',
    pid: 1,
    version: '1.2.3',
    now: NOW,
    readiness: { ready: true, problems: [] },
    processes: [],
    metrics: new MetricReader(metrics as unknown as MetricsSnapshot),
    samples: [],
    bins: Array.from({ length: 90 }, () => []),
    ...changed,
  });
}

/** A sample of the last 5 seconds in which nothing happened but this. */
export function sampleOf(changed: Partial<Sample>): Sample {
  return { ...NO_TOTALS, at: NOW, seconds: 5, states: new Map(), ...changed };
}

/** What has happened to requests, as given; those that are of an error have failed. */
export function requestsOf(given: Partial<RequestCounts>): RequestCounts {
  const { aborted = 0, retryable = 0, refused = 0, unverified = 0 } = given;
  return {
    succeeded: 0,
    failed: aborted + retryable + refused + unverified,
    aborted,
    retryable,
    refused,
    unverified,
    unauthenticated: 0,
    admitted: 0,
    throttledByQuota: 0,
    throttledBySessions: 0,
    errors: {},
    latency: Array.from({ length: 14 }, () => 0),
    ...given,
  };
}

import { AggregatorRegistry } from 'prom-client';
import type { MetricsSnapshot } from './metricsSnapshot.ts';

/**
 * Formats the metrics of all processes of a proxy as one text in Prometheus's format. Counters and sessions are added up. A
 * status is shown if any process found it. A metric of a single process has that process's name in the label `process`.
 */
export function aggregateMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return aggregate(snapshots).metrics();
}

/** Returns the same as data. */
export function aggregateSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  return aggregate(snapshots).getMetricsAsJSON();
}

function aggregate(snapshots: readonly MetricsSnapshot[]) {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => snapshot.map(prepare)));
}

function prepare({ values, aggregator, ...metric }: MetricsSnapshot[number]): MetricsSnapshot[number] {
  return {
    ...metric,
    // This applies to process_start_time_seconds, which has a label for its process here.
    aggregator: aggregator === 'omit' ? 'first' : aggregator,
    // NaN becomes null in JSON, and would count as 0.
    values: values.filter(({ value }) => Number.isFinite(value)),
  };
}

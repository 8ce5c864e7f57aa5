import { AggregatorRegistry } from 'prom-client';
import type { MetricsSnapshot } from './metricsSnapshot.ts';

/** Merges the counts in snapshots of processes that have ended, so that no counter falls when a process ends. */
export async function retainCounts(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const counted = snapshots.map((snapshot) => snapshot.filter(isCount));
  return AggregatorRegistry.aggregate(counted).getMetricsAsJSON();
}

// A metric with a label `process` belongs to one process, and starts again with it.
function isCount({ type, values }: MetricsSnapshot[number]): boolean {
  // prom-client returns a text here, although its types have an enum.
  const kind = String(type);
  return (kind === 'counter' || kind === 'histogram') && values.every(({ labels }) => !('process' in labels));
}

import { AggregatorRegistry } from 'prom-client';
import type { MetricsSnapshot } from './metricsSnapshot.ts';

/** What has been counted, of snapshots of processes that have ended, as one: so that no counter falls when a process ends. */
export async function retainCounts(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const counted = snapshots.map((snapshot) => snapshot.filter(isCount));
  return AggregatorRegistry.aggregate(counted).getMetricsAsJSON();
}

// Those with a label `process` are of one process alone, and begin anew with it.
function isCount({ type, values }: MetricsSnapshot[number]): boolean {
  // What prom-client says where its types have an enum.
  const kind = String(type);
  return (kind === 'counter' || kind === 'histogram') && values.every(({ labels }) => !('process' in labels));
}

import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { snapshotOf, type SnapshotSource } from './metricsSnapshot.ts';

export interface ProcessMetricsOptions {
  /** Name of the process within one proxy, such as `main` or `worker-1`. A worker's replacement has the same name. */
  readonly process: string;
  /** Version of the proxy. */
  readonly version: string;
}

// Gauges with names that promtool reserves for counters. Each is the sum of another gauge over its types.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Metrics of this process: CPU, memory, event loop, file descriptors and versions. */
export function processMetrics({ process: name, version }: ProcessMetricsOptions): SnapshotSource {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, labels: { process: name }, eventLoopMonitoringPrecision: 20 });
  for (const gauge of MISNAMED) registry.removeSingleMetric(gauge);
  new Gauge({
    name: 'xks_proxy_build_info',
    help: 'Versions of the proxy and of Node.js; always 1.',
    labelNames: ['version', 'node_version'],
    aggregator: 'first',
    registers: [registry],
  }).set({ version, node_version: process.version }, 1);
  return snapshotOf(registry);
}

import type { Logger } from 'pino';
import type { Config } from '../config/schema/schema.ts';
import { redactError } from '../redactError.ts';
import { aggregateMetrics } from './metrics/aggregateMetrics.ts';
import type { MetricsSnapshot, SnapshotSource } from './metrics/metricsSnapshot.ts';
import { monitoringListener, type MonitoringListener, type MonitoringOptions } from './monitoringListener.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** What is watched. */
export interface Monitored {
  readiness(): Readiness;
  metrics(): Promise<readonly MetricsSnapshot[]>;
}

export interface MonitoringDependencies {
  /** Undefined while the proxy starts. */
  readonly monitored: () => Monitored | undefined;
  /** Metrics of this process beside those of what is monitored. */
  readonly sources: readonly SnapshotSource[];
  readonly prepare: MonitoringOptions['prepare'];
  readonly log: Logger;
}

/** Serves /livez, /readyz and /metrics for a proxy, from before it serves. Throws what the system says to listening. */
export async function startMonitoring(
  { host, port }: NonNullable<Config['monitoring']>,
  { monitored, sources, prepare, log }: MonitoringDependencies,
): Promise<MonitoringListener> {
  const collect = async () => {
    const own = await Promise.all(sources.map((source) => source.snapshot()));
    return aggregateMetrics([...own, ...((await monitored()?.metrics()) ?? [])]);
  };
  // However many ask, it is collected once at a time.
  let collecting: Promise<string> | undefined;
  const listener = await monitoringListener({
    host,
    port,
    prepare,
    live: () => true,
    ready: () => monitored()?.readiness() ?? { ready: false, problems: ['starting'] },
    metrics: () => {
      collecting ??= collect().finally(() => {
        collecting = undefined;
      });
      return collecting;
    },
    onError: (error) => {
      log.error({ detail: redactError(error) }, 'monitoring failed');
    },
  });
  log.info({ host: listener.address.address, port: listener.address.port }, 'monitoring listens');
  return listener;
}

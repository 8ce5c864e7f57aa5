import type { Logger } from 'pino';
import type { Config } from '../config/schema/schema.ts';
import { isWildcard } from '../hosts.ts';
import { redactError } from '../redactError.ts';
import { aggregateMetrics } from './metrics/aggregateMetrics.ts';
import type { MetricsSnapshot, SnapshotSource } from './metrics/metricsSnapshot.ts';
import { monitoringListener, type MonitoringListener, type MonitoringOptions } from './monitoringListener.ts';
import type { ProcessReport } from './processReport.ts';
import type { StatusPages } from './status/startStatus.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** The proxy that is monitored. */
export interface Monitored {
  readiness(): Readiness;
  /** Returns all metrics, or those with these names. */
  metrics(names?: readonly string[]): Promise<readonly MetricsSnapshot[]>;
  processes(): Promise<readonly ProcessReport[]>;
}

export interface MonitoringDependencies {
  /** Returns undefined while the proxy starts. */
  readonly monitored: () => Monitored | undefined;
  /** Metrics of this process, in addition to those of the monitored proxy. */
  readonly sources: readonly SnapshotSource[];
  readonly prepare: MonitoringOptions['prepare'];
  readonly log: Logger;
}

/**
 * Serves /livez, /readyz, /metrics and /status for a proxy, even before the proxy serves. Throws the system's error if it cannot
 * listen.
 */
export async function startMonitoring(
  { host, port, status, statusHosts }: NonNullable<Config['monitoring']>,
  { monitored, sources, prepare, log }: MonitoringDependencies,
): Promise<MonitoringListener> {
  const collect = async (names?: readonly string[]): Promise<readonly MetricsSnapshot[]> => {
    const own = await Promise.all(sources.map((source) => source.snapshot(names)));
    return [...own, ...((await monitored()?.metrics(names)) ?? [])];
  };
  const readiness = () => monitored()?.readiness() ?? { ready: false, problems: ['starting'] };
  const onError = (error: unknown) => {
    log.error({ detail: redactError(error) }, 'monitoring failed');
  };
  // Only one collection runs at a time, however many clients ask.
  let collecting: Promise<string> | undefined;
  const pages = status ? await startPages() : undefined;
  try {
    const listener = await monitoringListener({
      host,
      port,
      prepare,
      live: () => true,
      ready: readiness,
      metrics: () => {
        collecting ??= collect()
          .then(aggregateMetrics)
          .finally(() => {
            collecting = undefined;
          });
        return collecting;
      },
      status: pages?.answer,
      onError,
    });
    log.info({ host: listener.address.address, port: listener.address.port, status }, 'monitoring listens');
    return {
      ...listener,
      close: () => {
        pages?.stop();
        return listener.close();
      },
    };
  } catch (error) {
    pages?.stop();
    throw error;
  }

  async function startPages(): Promise<StatusPages> {
    const { startStatus } = await import('./status/startStatus.ts');
    const processes = async () => (await monitored()?.processes()) ?? [];
    const hosts = isWildcard(host) ? statusHosts : [host, ...statusHosts];
    return startStatus({ hosts, readiness, processes, collect, clock: Date.now, onError });
  }
}

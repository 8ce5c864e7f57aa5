import { Counter, Gauge, Registry } from 'prom-client';
import { snapshotOf, type SnapshotSource } from './metricsSnapshot.ts';
import { refusalMetrics, type RefusedConnection } from './refusalMetrics.ts';

export interface LifecycleMetrics extends SnapshotSource {
  /** Counts an attempt to reload the configuration. */
  readonly reloaded: (outcome: 'success' | 'failure') => void;
  /** Counts a worker process that is replaced. */
  readonly workerRestarted: () => void;
  /** Counts a connection that reaches no serving process. */
  readonly countRefusal: (refusal: RefusedConnection) => void;
}

/** Metrics of the process that owns a proxy's configuration. Made when the first configuration is in force. */
export function lifecycleMetrics(clock: () => number): LifecycleMetrics {
  const registry = new Registry();
  const registers = [registry];
  const reloads = new Counter({
    name: 'xks_proxy_config_reloads_total',
    help: 'Attempts to reload the configuration.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['success', 'failure']) reloads.inc({ outcome }, 0);
  const successful = new Gauge({
    name: 'xks_proxy_config_last_reload_successful',
    help: '1 if the configuration in force is the last one given, 0 if that was refused.',
    registers,
  });
  const loadedAt = new Gauge({
    name: 'xks_proxy_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration in force was loaded, in Unix time.',
    registers,
  });
  const restarts = new Counter({
    name: 'xks_proxy_worker_restarts_total',
    help: 'Worker processes that had ended or hung, and were replaced.',
    registers,
  });
  successful.set(1);
  loadedAt.set(clock() / 1000);

  return {
    ...snapshotOf(registry),
    reloaded: (outcome) => {
      reloads.inc({ outcome });
      successful.set(Number(outcome === 'success'));
      if (outcome === 'success') loadedAt.set(clock() / 1000);
    },
    workerRestarted: () => {
      restarts.inc();
    },
    countRefusal: refusalMetrics(registry),
  };
}

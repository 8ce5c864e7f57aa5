import type { Readiness } from '../../keyStores/readiness.ts';
import type { ProcessReport, ServingReport } from '../processReport.ts';
import type { MetricReader } from './metricReader.ts';
import { readStates, readTotals, SAMPLED_METRICS, type KeyManagerState, type Sample, type Totals } from './sample.ts';

/** Metrics that the page shows. They exclude counts of each key version, since there may be thousands. */
export const SHOWN_METRICS: readonly string[] = [
  ...SAMPLED_METRICS,
  'xks_proxy_audit_failing',
  'xks_proxy_audit_last_checkpoint_timestamp_seconds',
  'xks_proxy_audit_sealed_logs',
  'xks_proxy_audit_tree_size',
  'xks_proxy_block_list_unreadable',
  'xks_proxy_certificate_expiry_timestamp_seconds',
  'xks_proxy_config_last_reload_success_timestamp_seconds',
  'xks_proxy_config_last_reload_successful',
  'xks_proxy_config_reloads_total',
  'xks_proxy_credential_last_used_timestamp_seconds',
  'xks_proxy_key_blocked',
  'xks_proxy_key_store_blocked',
  'xks_proxy_key_store_quota_requests_per_second',
  'xks_proxy_key_store_serving',
  'xks_proxy_key_unprotected',
  'xks_proxy_recording_failing',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
];

/** Everything that the status page shows, at one moment. */
export interface StatusFacts {
  readonly hostname: string;
  /** Id of the process that listens for monitoring. */
  readonly pid: number;
  /** Version of the proxy. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly readiness: Readiness;
  readonly processes: readonly ProcessReport[];
  readonly metrics: MetricReader;
  /** Since the start. */
  readonly totals: Totals;
  readonly states: ReadonlyMap<string, KeyManagerState>;
  /** Samples of the last half hour, newest last. */
  readonly samples: readonly Sample[];
  /** The same samples for graphs, grouped into bins of 20 seconds. */
  readonly bins: readonly (readonly Sample[])[];
}

export function statusFacts(given: Omit<StatusFacts, 'totals' | 'states'>): StatusFacts {
  return { ...given, totals: readTotals(given.metrics), states: readStates(given.metrics) };
}

export function servingOf({ processes }: StatusFacts): ServingReport[] {
  return processes.filter((process) => process.is === 'serving');
}

/** A change of the health of a key manager, as one process found it. */
export interface FoundChange {
  readonly process: string;
  readonly status: KeyManagerState['status'];
  readonly detail: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Returns the last changes of a key manager in all processes, newest first. */
export function changesOf(facts: StatusFacts, keyManager: string): FoundChange[] {
  const changes = servingOf(facts).flatMap(({ name: process, keyManagers }) =>
    keyManagers
      .filter(({ name }) => name === keyManager)
      .flatMap((report) =>
        report.changes.map(({ agoMs, status, detail }) => ({ process, status, detail, at: facts.now - agoMs })),
      ),
  );
  return changes.sort((one, other) => other.at - one.at);
}

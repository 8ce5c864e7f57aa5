import { HEALTH_STATUSES, type HealthStatus } from '../../xks/messages/getHealthStatus.ts';
import { increase } from './increase.ts';
import { readLatency, subtractLatency, type Latency } from './latency.ts';
import { sumOf, type MetricReader } from './metricReader.ts';
import { readRequests, REQUEST_METRICS, REQUESTS, subtractRequests, type RequestCounts } from './requestCounts.ts';

/** Outcomes and durations of a key manager's operations. */
export interface OperationCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly latency: Latency;
}

export interface KeyManagerState {
  /** The worst status that any process has found. */
  readonly status: HealthStatus;
  /** Undefined if unknown. */
  readonly sessions: number | undefined;
  readonly sessionsInUse: number | undefined;
  readonly operationsWaiting: number | undefined;
}

/** Counts since the start, by the names of key stores, key managers and processes. */
export interface Totals {
  /** `none` is for requests without a known key store. */
  readonly keyStores: ReadonlyMap<string, RequestCounts>;
  readonly keyManagers: ReadonlyMap<string, OperationCounts>;
  /** Seconds of CPU time. */
  readonly cpu: ReadonlyMap<string, number>;
  /** Connections without a request, by the reason. */
  readonly refusedConnections: ReadonlyMap<string, number>;
  /** Worker processes that were replaced. */
  readonly restarts: number;
  /** Answers without a record in the audit log. */
  readonly unrecorded: number;
}

/** The counts of a period that has ended. */
export interface Sample extends Totals {
  /** End, in milliseconds since the epoch. */
  readonly at: number;
  readonly seconds: number;
  readonly states: ReadonlyMap<string, KeyManagerState>;
}

const HEALTH = 'xks_proxy_key_manager_health';
const OPERATION = 'xks_proxy_key_manager_operation_duration_seconds';
const SESSIONS = 'xks_proxy_key_manager_sessions';
const SESSIONS_IN_USE = 'xks_proxy_key_manager_sessions_in_use';
const WAITING = 'xks_proxy_key_manager_operations_waiting';
const REFUSED_CONNECTIONS = 'xks_proxy_refused_connections_total';
const RESTARTS = 'xks_proxy_worker_restarts_total';
const UNRECORDED = 'xks_proxy_audit_unrecorded_answers_total';
const CPU = ['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total'];

/** Metrics that a sample is made of. They exclude metrics of each key, since there may be thousands. */
export const SAMPLED_METRICS: readonly string[] = [
  ...REQUEST_METRICS,
  ...[HEALTH, OPERATION, SESSIONS, SESSIONS_IN_USE, WAITING, REFUSED_CONNECTIONS, RESTARTS, UNRECORDED, ...CPU],
  // This metric says when it was first collected.
  'xks_proxy_credential_first_seen_timestamp_seconds',
];

// The proxy's own health checks are not operations that a request waits for.
const OPERATIONS = ['encrypt', 'encrypt_with_cdiv', 'decrypt'];

export const NO_TOTALS: Totals = {
  keyStores: new Map(),
  keyManagers: new Map(),
  cpu: new Map(),
  refusedConnections: new Map(),
  restarts: 0,
  unrecorded: 0,
};

export function readTotals(metrics: MetricReader): Totals {
  const stores = [...metrics.by(REQUESTS, 'key_store').keys()];
  const operations = metrics.series(OPERATION).filter(({ labels }) => OPERATIONS.includes(labels['operation'] ?? ''));
  return {
    keyStores: new Map(stores.map((name) => [name, readRequests(metrics, name)])),
    keyManagers: new Map(
      [...Map.groupBy(operations, ({ labels }) => labels['key_manager'] ?? '')].map(([name, its]) => {
        const ended = its.filter(({ labels }) => labels['le'] === '+Inf');
        const succeeded = sumOf(ended.filter(({ labels }) => labels['error_name'] === 'none'));
        return [name, { succeeded, failed: sumOf(ended) - succeeded, latency: readLatency(its) }];
      }),
    ),
    cpu: new Map(
      [...metrics.by(CPU[0] ?? '', 'process').keys()].map((process) => {
        return [process, sumOf(CPU.flatMap((name) => metrics.with(name, { process })))];
      }),
    ),
    refusedConnections: mapValues(metrics.by(REFUSED_CONNECTIONS, 'reason'), sumOf),
    restarts: sumOf(metrics.series(RESTARTS)),
    unrecorded: sumOf(metrics.series(UNRECORDED)),
  };
}

export function readStates(metrics: MetricReader): Map<string, KeyManagerState> {
  return new Map(
    [...metrics.by(HEALTH, 'key_manager').keys()].map((key_manager) => {
      const isFound = (status: HealthStatus) => metrics.value(HEALTH, { key_manager, status }) === 1;
      return [
        key_manager,
        {
          status: HEALTH_STATUSES.findLast(isFound) ?? 'UNAVAILABLE',
          sessions: metrics.value(SESSIONS, { key_manager }),
          sessionsInUse: metrics.value(SESSIONS_IN_USE, { key_manager }),
          operationsWaiting: metrics.value(WAITING, { key_manager }),
        },
      ];
    }),
  );
}

/**
 * Returns the counts between two moments. A count that has fallen started again. Objects without use are left out, since there
 * may be many.
 */
export function subtract(after: Totals, before: Totals): Totals {
  return {
    keyStores: used(mapValues(after.keyStores, (now, name) => subtractRequests(now, before.keyStores.get(name)))),
    keyManagers: used(
      mapValues(after.keyManagers, (now, name) => {
        const was = before.keyManagers.get(name);
        return {
          succeeded: increase(now.succeeded, was?.succeeded),
          failed: increase(now.failed, was?.failed),
          latency: subtractLatency(now.latency, was?.latency),
        };
      }),
    ),
    cpu: mapValues(after.cpu, (now, name) => increase(now, before.cpu.get(name))),
    refusedConnections: mapValues(after.refusedConnections, (now, reason) =>
      increase(now, before.refusedConnections.get(reason)),
    ),
    restarts: increase(after.restarts, before.restarts),
    unrecorded: increase(after.unrecorded, before.unrecorded),
  };
}

function used<Counts extends { readonly succeeded: number; readonly failed: number }>(counts: Map<string, Counts>) {
  return new Map([...counts].filter(([, { succeeded, failed }]) => succeeded + failed > 0));
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, change: (value: T, name: string) => U): Map<string, U> {
  return new Map([...map].map(([name, value]) => [name, change(value, name)]));
}

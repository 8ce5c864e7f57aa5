import { HEALTH_STATUSES, type HealthStatus } from '../../xks/messages/getHealthStatus.ts';
import { addLatencies, readLatency, type Latency } from './latency.ts';
import type { MetricReader, MetricSeries } from './metricReader.ts';

/** Outcomes of the requests of a key store: since the start, or in a period. */
export interface RequestCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Counts by error name. `aborted` if the client was gone, `failure` if there is no name. */
  readonly errors: Readonly<Record<string, number>>;
  /** Requests that the quota has admitted, or would admit if there were one. */
  readonly admitted: number;
  readonly throttledByQuota: number;
  readonly latency: Latency;
}

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
}

/** The counts of a period that has ended. */
export interface Sample extends Totals {
  /** End, in milliseconds since the epoch. */
  readonly at: number;
  readonly seconds: number;
  readonly states: ReadonlyMap<string, KeyManagerState>;
}

const REQUESTS = 'xks_proxy_requests_total';
const DURATION = 'xks_proxy_request_duration_seconds';
const THROTTLED = 'xks_proxy_throttled_requests_total';
const UNAUTHENTICATED = 'xks_proxy_unauthenticated_requests_total';
const HEALTH = 'xks_proxy_key_manager_health';
const OPERATION = 'xks_proxy_key_manager_operation_duration_seconds';
const SESSIONS = 'xks_proxy_key_manager_sessions';
const SESSIONS_IN_USE = 'xks_proxy_key_manager_sessions_in_use';
const WAITING = 'xks_proxy_key_manager_operations_waiting';
const CPU = ['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total'];

/** Metrics that a sample is made of. They exclude metrics of each key, since there may be thousands. */
export const SAMPLED_METRICS: readonly string[] = [
  ...[REQUESTS, DURATION, THROTTLED, UNAUTHENTICATED, HEALTH, OPERATION, SESSIONS, SESSIONS_IN_USE, WAITING, ...CPU],
  // This metric says when it was first collected.
  'xks_proxy_credential_first_seen_timestamp_seconds',
];

// The proxy's own health checks are not operations that a request waits for.
const OPERATIONS = ['encrypt', 'encrypt_with_cdiv', 'decrypt'];

export const NO_TOTALS: Totals = { keyStores: new Map(), keyManagers: new Map(), cpu: new Map() };

export function readTotals(metrics: MetricReader): Totals {
  const stores = [...metrics.by(REQUESTS, 'key_store').keys()];
  const operations = metrics.series(OPERATION).filter(({ labels }) => OPERATIONS.includes(labels['operation'] ?? ''));
  return {
    keyStores: new Map(stores.map((name) => [name, readRequests(metrics, name)])),
    keyManagers: new Map(
      [...Map.groupBy(operations, ({ labels }) => labels['key_manager'] ?? '')].map(([name, its]) => {
        const ended = its.filter(({ labels }) => labels['le'] === '+Inf');
        const succeeded = sum(ended.filter(({ labels }) => labels['error_name'] === 'none'));
        return [name, { succeeded, failed: sum(ended) - succeeded, latency: readLatency(its) }];
      }),
    ),
    cpu: new Map(
      [...metrics.by(CPU[0] ?? '', 'process').keys()].map((process) => {
        return [process, sum(CPU.flatMap((name) => metrics.with(name, { process })))];
      }),
    ),
  };
}

function readRequests(metrics: MetricReader, key_store: string): RequestCounts {
  const requests = metrics.with(REQUESTS, { key_store });
  const errors: Record<string, number> = {};
  for (const { labels, value } of requests) {
    if (labels['outcome'] === 'success') continue;
    const name = labels['error_name'] === 'none' ? (labels['outcome'] ?? 'failure') : (labels['error_name'] ?? '');
    errors[name] = (errors[name] ?? 0) + value;
  }
  const all = sum(requests);
  const failed = Object.values(errors).reduce((total, count) => total + count, 0);
  const throttledByQuota = sum(metrics.with(THROTTLED, { key_store, reason: 'quota' }));
  return {
    succeeded: all - failed,
    failed,
    errors,
    admitted: all - throttledByQuota - sum(metrics.with(UNAUTHENTICATED, { key_store })),
    throttledByQuota,
    latency: readLatency(metrics.with(DURATION, { key_store })),
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
  };
}

function subtractRequests(now: RequestCounts, was: RequestCounts | undefined): RequestCounts {
  const errors = Object.entries(now.errors).map(([name, count]) => [name, increase(count, was?.errors[name])] as const);
  return {
    succeeded: increase(now.succeeded, was?.succeeded),
    failed: increase(now.failed, was?.failed),
    errors: Object.fromEntries(errors.filter(([, count]) => count > 0)),
    admitted: increase(now.admitted, was?.admitted),
    throttledByQuota: increase(now.throttledByQuota, was?.throttledByQuota),
    latency: subtractLatency(now.latency, was?.latency),
  };
}

export function addRequests(counts: readonly RequestCounts[]): RequestCounts {
  const errors: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each.errors))) {
    errors[name] = (errors[name] ?? 0) + count;
  }
  const total = (figure: 'succeeded' | 'failed' | 'admitted' | 'throttledByQuota') =>
    counts.reduce((all, each) => all + each[figure], 0);
  return {
    succeeded: total('succeeded'),
    failed: total('failed'),
    errors,
    admitted: total('admitted'),
    throttledByQuota: total('throttledByQuota'),
    latency: addLatencies(counts.map(({ latency }) => latency)),
  };
}

function subtractLatency(now: Latency, was: Latency | undefined): Latency {
  return now.map((count, bucket) => increase(count, was?.[bucket]));
}

function used<Counts extends { readonly succeeded: number; readonly failed: number }>(counts: Map<string, Counts>) {
  return new Map([...counts].filter(([, { succeeded, failed }]) => succeeded + failed > 0));
}

function increase(now: number, was = 0): number {
  return now >= was ? now - was : now;
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, change: (value: T, name: string) => U): Map<string, U> {
  return new Map([...map].map(([name, value]) => [name, change(value, name)]));
}

function sum(series: readonly MetricSeries[]): number {
  return series.reduce((total, { value }) => total + value, 0);
}

import { increase } from './increase.ts';
import { addLatencies, readLatency, subtractLatency, type Latency } from './latency.ts';
import { sumOf, type MetricReader } from './metricReader.ts';

const FIGURES = [
  'succeeded',
  'failed',
  'aborted',
  'retryable',
  'refused',
  'unverified',
  'unauthenticated',
  'admitted',
  'throttledByQuota',
  'throttledBySessions',
] as const;

/**
 * Outcomes of the requests of a key store: since the start, or in a period. Of the failed requests, the client gave up the `aborted`
 * ones, KMS repeats the `retryable` ones but not the `refused` ones, and the signature of the `unverified` ones is wrong. The quota
 * has admitted the `admitted` requests, or would admit them if there were one.
 */
export interface RequestCounts extends Readonly<Record<(typeof FIGURES)[number], number>> {
  /** Counts by error name. `aborted` if the client was gone, `failure` if there is no name. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latency: Latency;
}

export const REQUESTS = 'xks_proxy_requests_total';
const DURATION = 'xks_proxy_request_duration_seconds';
const THROTTLED = 'xks_proxy_throttled_requests_total';
const UNAUTHENTICATED = 'xks_proxy_unauthenticated_requests_total';
export const REQUEST_METRICS: readonly string[] = [REQUESTS, DURATION, THROTTLED, UNAUTHENTICATED];

const RETRYABLE = ['InternalException', 'DependencyTimeoutException', 'ThrottlingException'];
const UNVERIFIED = 'AuthenticationFailedException';

/** Whether KMS repeats a request that gets this error. */
export function isRetryable(error: string): boolean {
  return RETRYABLE.includes(error);
}

/** Whether this name in `errors` counts as `refused`. */
export function isRefusal(name: string): boolean {
  return !isRetryable(name) && name !== UNVERIFIED && name !== 'aborted';
}

export function readRequests(metrics: MetricReader, key_store: string): RequestCounts {
  const requests = metrics.with(REQUESTS, { key_store });
  const errors: Record<string, number> = {};
  const counts = { succeeded: 0, failed: 0, aborted: 0, retryable: 0, refused: 0, unverified: 0 };
  for (const { labels, value } of requests) {
    const { outcome = 'failure', error_name: error = 'none' } = labels;
    if (outcome === 'success') {
      counts.succeeded += value;
      continue;
    }
    const name = error === 'none' ? outcome : error;
    errors[name] = (errors[name] ?? 0) + value;
    counts.failed += value;
    if (outcome === 'aborted') counts.aborted += value;
    if (isRetryable(error)) counts.retryable += value;
    else if (error === UNVERIFIED) counts.unverified += value;
    else if (outcome === 'failure') counts.refused += value;
  }
  const throttled = (reason: string) => sumOf(metrics.with(THROTTLED, { key_store, reason }));
  const unauthenticated = sumOf(metrics.with(UNAUTHENTICATED, { key_store }));
  const throttledByQuota = throttled('quota');
  return {
    ...counts,
    errors,
    unauthenticated,
    admitted: sumOf(requests) - throttledByQuota - unauthenticated,
    throttledByQuota,
    throttledBySessions: throttled('sessions'),
    latency: readLatency(metrics.with(DURATION, { key_store })),
  };
}

export function subtractRequests(now: RequestCounts, was: RequestCounts | undefined): RequestCounts {
  const errors = Object.entries(now.errors).map(([name, count]) => [name, increase(count, was?.errors[name])] as const);
  return {
    ...figures((figure) => increase(now[figure], was?.[figure])),
    errors: Object.fromEntries(errors.filter(([, count]) => count > 0)),
    latency: subtractLatency(now.latency, was?.latency),
  };
}

export function addRequests(counts: readonly RequestCounts[]): RequestCounts {
  const errors: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each.errors))) {
    errors[name] = (errors[name] ?? 0) + count;
  }
  return {
    ...figures((figure) => counts.reduce((all, each) => all + each[figure], 0)),
    errors,
    latency: addLatencies(counts.map(({ latency }) => latency)),
  };
}

function figures(valueOf: (figure: (typeof FIGURES)[number]) => number): Record<(typeof FIGURES)[number], number> {
  return Object.fromEntries(FIGURES.map((figure) => [figure, valueOf(figure)])) as Record<
    (typeof FIGURES)[number],
    number
  >;
}

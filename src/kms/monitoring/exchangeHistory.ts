import { LATENCY_BUCKETS_MS } from './latencyBuckets.ts';
import { errorDimensions } from './errorDimensions.ts';
import type { HealthStatus, XksExchange, XksOperation } from '../xksProxy/xksProxyClient.ts';

/** Counts of requests to proxies in one minute or several. */
export interface ExchangeCounts {
  succeeded: number;
  failed: number;
  throttled: number;
  /** By ExceptionName. */
  readonly failures: Map<string, number>;
  /** One count for each of LATENCY_BUCKETS_MS and one for longer requests, by operation. */
  readonly latency: Map<XksOperation, number[]>;
}

export const BIN_SECONDS = 60;
export const BINS = 60;

/** Requests to the proxies of external key stores in the last hour, by minute. */
export class ExchangeHistory {
  readonly #clock: () => number;
  /** By key store and by minute since the epoch. */
  readonly #stores = new Map<string, Map<number, ExchangeCounts>>();
  readonly #health = new Map<string, HealthStatus>();
  readonly #certificates = new Map<string, NonNullable<XksExchange['certificate']>>();

  /** `clock` returns milliseconds since the epoch. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  observe({ call, xksOperation, latencyMs, failure, certificate, health }: XksExchange): void {
    const { customKeyStoreId } = call;
    if (customKeyStoreId === undefined) return;
    const counts = this.#now(customKeyStoreId);
    if (failure) {
      const { ExceptionName } = errorDimensions(failure);
      counts.failed += 1;
      counts.failures.set(ExceptionName, (counts.failures.get(ExceptionName) ?? 0) + 1);
    } else counts.succeeded += 1;
    const latency = counts.latency.get(xksOperation) ?? noLatency();
    const bucket = LATENCY_BUCKETS_MS.findIndex((bound) => latencyMs <= bound);
    const index = bucket === -1 ? LATENCY_BUCKETS_MS.length : bucket;
    latency[index] = (latency[index] ?? 0) + 1;
    counts.latency.set(xksOperation, latency);
    if (health) this.#health.set(customKeyStoreId, health);
    // The check failed, so the health of the key managers is unknown.
    else if (xksOperation === 'GetHealthStatus') this.#health.delete(customKeyStoreId);
    if (certificate) this.#certificates.set(customKeyStoreId, certificate);
  }

  countThrottle({ customKeyStoreId }: { readonly customKeyStoreId: string }): void {
    this.#now(customKeyStoreId).throttled += 1;
  }

  /** Returns the last hour by minute, the newest last. */
  bins(customKeyStoreId: string): ExchangeCounts[] {
    const minutes = this.#stores.get(customKeyStoreId);
    const last = this.#minute();
    return Array.from({ length: BINS }, (_, index) => minutes?.get(last - BINS + 1 + index) ?? noCounts());
  }

  lastHealth(customKeyStoreId: string): HealthStatus | undefined {
    return this.#health.get(customKeyStoreId);
  }

  lastCertificate(customKeyStoreId: string): XksExchange['certificate'] {
    return this.#certificates.get(customKeyStoreId);
  }

  #now(customKeyStoreId: string): ExchangeCounts {
    const minute = this.#minute();
    const minutes = this.#stores.get(customKeyStoreId) ?? this.#begin(customKeyStoreId, minute);
    const counts = minutes.get(minute) ?? noCounts();
    minutes.set(minute, counts);
    for (const old of minutes.keys()) if (old <= minute - BINS) minutes.delete(old);
    return counts;
  }

  /** Starts the history of a key store. Forgets key stores without a request in the last hour, because they were deleted. */
  #begin(customKeyStoreId: string, minute: number): Map<number, ExchangeCounts> {
    for (const [id, known] of this.#stores) {
      if (Math.max(...known.keys()) > minute - BINS) continue;
      for (const map of [this.#stores, this.#health, this.#certificates]) map.delete(id);
    }
    const minutes = new Map<number, ExchangeCounts>();
    this.#stores.set(customKeyStoreId, minutes);
    return minutes;
  }

  #minute(): number {
    return Math.floor(this.#clock() / (BIN_SECONDS * 1000));
  }
}

export function sumOf(bins: readonly ExchangeCounts[]): ExchangeCounts {
  const sum = noCounts();
  for (const { succeeded, failed, throttled, failures, latency } of bins) {
    sum.succeeded += succeeded;
    sum.failed += failed;
    sum.throttled += throttled;
    for (const [name, count] of failures) sum.failures.set(name, (sum.failures.get(name) ?? 0) + count);
    for (const [operation, counts] of latency) {
      const known = sum.latency.get(operation) ?? noLatency();
      sum.latency.set(
        operation,
        known.map((count, index) => count + (counts[index] ?? 0)),
      );
    }
  }
  return sum;
}

/**
 * Returns the smallest bound, in milliseconds, within which this share of requests was answered. Infinity if it is above the last bound,
 * undefined without requests.
 */
export function boundOf(latency: readonly number[], share: number): number | undefined {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = share * total;
  for (const [index, count] of latency.entries()) {
    left -= count;
    if (left <= 0) return LATENCY_BUCKETS_MS[index] ?? Infinity;
  }
  return Infinity;
}

function noCounts(): ExchangeCounts {
  return { succeeded: 0, failed: 0, throttled: 0, failures: new Map(), latency: new Map() };
}

function noLatency(): number[] {
  return new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
}

import type { RequestCounts } from './requestCounts.ts';
import type { StatusFacts } from './statusFacts.ts';
import { recentOf, type Recent } from './recent.ts';

/** A condition that an operator should look at, which is an alert of Prometheus too. */
export interface Alert {
  /** Name in deploy/prometheus/xks-proxy.rules.yml, and section of docs/monitoring.md. */
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  /** The condition, as the headline of the page. */
  readonly problem: string;
  /** Usual causes, and what to do. */
  readonly cure: string;
  /** Values beyond this one raise the alert. */
  readonly limit?: number;
  /** Length of the period that counts. */
  readonly minutes?: number;
  /** Returns a text for each object that has the problem. An empty text stands for the proxy itself, without detail. */
  readonly find: (facts: StatusFacts) => readonly string[];
}

/** Makes the members of an alert on the last minutes. */
export function overTime(
  minutes: number,
  limit: number,
  find: (recent: Recent, limit: number) => readonly string[],
): Pick<Alert, 'minutes' | 'limit' | 'find'> {
  return { minutes, limit, find: (facts) => find(recentOf(facts, minutes), limit) };
}

/** Makes the members of an alert on the requests of each key store in the last minutes, highest value first. */
export function ofKeyStores(
  minutes: number,
  limit: number,
  measure: (requests: RequestCounts, recent: Recent) => { readonly value: number; readonly says: string },
): Pick<Alert, 'minutes' | 'limit' | 'find'> {
  return overTime(minutes, limit, (recent) =>
    [...recent.keyStores]
      .map(([name, requests]) => ({ name, ...measure(requests, recent) }))
      .filter(({ value }) => value > limit)
      .sort((one, other) => other.value - one.value)
      .map(({ name, says }) => `${name}: ${says}`),
  );
}

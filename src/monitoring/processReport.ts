import type { HealthChange } from '../keyStores/healthHistory.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** The report of a process of the proxy about itself, or that of its supervisor while it cannot answer. */
export type ProcessReport =
  | ({ readonly is: 'serving' } & ServingReport)
  | { readonly is: 'starting' | 'not answering'; readonly pid: number | undefined };

export interface ServingReport {
  /** Its name among those of the proxy, such as `main` and `worker-1`. */
  readonly name: string;
  readonly pid: number;
  readonly readiness: Readiness;
  readonly keyManagers: readonly KeyManagerReport[];
}

export interface KeyManagerReport {
  readonly name: string;
  /** The last changes of its health, newest last. */
  readonly changes: readonly HealthChange[];
}

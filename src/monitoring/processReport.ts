import type { HealthChange } from '../keyStores/healthHistory.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** What a process of the proxy says of itself; or what its supervisor says of it while it cannot. */
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
  /** The last changes of its health, the newest last. */
  readonly changes: readonly HealthChange[];
}

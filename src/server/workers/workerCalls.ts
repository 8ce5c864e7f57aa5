import type { RefusedPinRecord } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import type { Drain, ServeOrder } from '../serving.ts';

export interface WorkerStatus {
  readonly readiness: Readiness;
  /** That no other worker may try. */
  readonly refusedPins: readonly RefusedPinRecord[];
}

export interface WorkerStart {
  readonly order: ServeOrder;
  readonly slot: number;
  /** Whether it replaces a worker or joins others that serve: then it starts even without its key managers, and opens them later. */
  readonly isReplacement: boolean;
  readonly refusedPins: readonly RefusedPinRecord[];
}

/** What a worker tells its supervisor. */
export type SupervisorCalls = {
  /** A checkpoint of the worker's audit log. */
  checkpoint(checkpoint: WorkerCheckpoint): void;
};

export interface WorkerCheckpoint {
  /** `<origin>/<slot>`. */
  readonly log: string;
  /** Records. */
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/** What a supervisor asks of a worker. A type alias, as RemoteCalls needs it. */
export type WorkerCalls = {
  /** Once, at first. `slot`: which of the workers it is, from 1; that of its predecessor, if it has one. */
  start(start: WorkerStart): Promise<void>;
  /** Makes ready to go over to another configuration. Throws if it cannot be served. */
  prepare(order: ServeOrder): Promise<void>;
  /** Goes over to what was prepared. */
  commit(): Promise<void>;
  /** Forgets what was prepared. */
  discard(): Promise<void>;
  drain(drain: Drain): Promise<void>;
  /** Answered unless the worker hangs. */
  status(): Promise<WorkerStatus>;
  metrics(): Promise<readonly MetricsSnapshot[]>;
};

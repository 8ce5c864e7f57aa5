import type { Block } from '../../blocks/blockList.ts';
import type { RefusedPinRecord } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { ProcessReport } from '../../monitoring/processReport.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import type { Drain, ServeOrder } from '../serving.ts';
import type { ConnectionCalls } from './connectionHandOver.ts';

export interface WorkerStart {
  readonly order: ServeOrder;
  /** Which of the workers it is, from 1; that of its predecessor, if it has one. */
  readonly slot: number;
  /** Whether it replaces a worker or joins others that serve: then it starts even without its key managers, and opens them later. */
  readonly isReplacement: boolean;
  /** PINs that no worker may try again. */
  readonly refusedPins: readonly RefusedPinRecord[];
  /** The blocks in force in other workers; undefined for the first worker. */
  readonly blocks: readonly Block[] | undefined;
}

/** Calls of a supervisor: what a worker tells it, one-way. A type alias, as Peer needs it. */
export type SupervisorCalls = {
  /** A checkpoint of the worker's audit log. */
  checkpoint(checkpoint: WorkerCheckpoint): void;
  /** A PIN that was refused to the worker. */
  pinRefused(refused: RefusedPinRecord): void;
  /** The blocks in force in the worker, at its start and after each change. */
  blocksInForce(blocks: readonly Block[]): void;
};

export interface WorkerCheckpoint {
  /** `<origin>/<slot>`. */
  readonly log: string;
  /** Records. */
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/** Calls of a worker. */
export type WorkerCalls = ConnectionCalls & {
  /** Serves. The first call, and made once. */
  start(start: WorkerStart): Promise<void>;
  /** Makes ready to go over to another configuration. Throws if it cannot be served. */
  prepare(order: ServeOrder): Promise<void>;
  /** Goes over to what was prepared. */
  commit(): Promise<void>;
  /** Forgets what was prepared. */
  discard(): Promise<void>;
  drain(drain: Drain): Promise<void>;
  /** Answered unless the worker hangs. */
  status(): Promise<Readiness>;
  /** All metrics, or those of these names. */
  metrics(names: readonly string[] | undefined): Promise<readonly MetricsSnapshot[]>;
  processes(): Promise<readonly ProcessReport[]>;
};

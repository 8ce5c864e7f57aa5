import type { Block } from '../../blocks/blockList.ts';
import type { RefusedPinRecord } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { ProcessReport } from '../../monitoring/processReport.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import type { Drain, ServeOrder } from '../serving.ts';
import type { ConnectionCalls } from './connectionHandOver.ts';

export interface WorkerStart {
  readonly order: ServeOrder;
  /** Number of the worker, from 1. A successor has the number of its predecessor. */
  readonly slot: number;
  /**
   * Whether it replaces a worker or joins others that serve. Then it starts even without its key managers, and opens them later.
   */
  readonly isReplacement: boolean;
  /** PINs that no worker may try again. */
  readonly refusedPins: readonly RefusedPinRecord[];
  /** The blocks in force in other workers; undefined for the first worker. */
  readonly blocks: readonly Block[] | undefined;
}

/** Calls of a supervisor, which its workers make one-way. A type alias, as Peer needs it. */
export type SupervisorCalls = {
  /** A checkpoint of the worker's audit log. */
  checkpoint(checkpoint: WorkerCheckpoint): void;
  /** Reports a PIN that was refused to the worker. */
  pinRefused(refused: RefusedPinRecord): void;
  /** Reports the blocks in force in the worker, at its start and after each change. */
  blocksInForce(blocks: readonly Block[]): void;
};

export interface WorkerCheckpoint {
  /** `<origin>/<slot>`. */
  readonly log: string;
  /** Number of records. */
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/** Calls of a worker. */
export type WorkerCalls = ConnectionCalls & {
  /** Starts serving. It is the first call, and is made once. */
  start(start: WorkerStart): Promise<void>;
  /** Prepares another configuration. Throws if it cannot be served. */
  prepare(order: ServeOrder): Promise<void>;
  /** Switches to the prepared configuration. */
  commit(): Promise<void>;
  /** Discards the prepared configuration. */
  discard(): Promise<void>;
  drain(drain: Drain): Promise<void>;
  /** Answers unless the worker hangs. */
  status(): Promise<Readiness>;
  /** Returns all metrics, or those with these names. */
  metrics(names: readonly string[] | undefined): Promise<readonly MetricsSnapshot[]>;
  processes(): Promise<readonly ProcessReport[]>;
};

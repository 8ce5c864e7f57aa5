import type { AddressInfo } from 'node:net';
import type { ServeOrder } from '../serving.ts';

/** What a supervisor asks of a worker. A type alias, as RemoteCalls needs it. */
export type WorkerCalls = {
  /** Once, at first. */
  start(order: ServeOrder): Promise<AddressInfo>;
  /** Makes ready to go over to another configuration. Throws if it cannot be served. */
  prepare(order: ServeOrder): Promise<void>;
  /** Goes over to what was prepared. */
  commit(): Promise<void>;
  /** Forgets what was prepared. */
  discard(): Promise<void>;
  drain(lameDuckMs: number): Promise<void>;
  /** Answered as long as the worker does not hang. */
  ping(): void;
};

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from '../../messaging/peer.ts';

// A connection has one owner. The supervisor accepts it and gives it to a worker, but keeps its own descriptor until the worker
// has answered. If the worker ends before that, the supervisor gives the connection to another worker. node:cluster cannot do
// this: it loses connections that a worker was given just before it died (https://github.com/nodejs/node/issues/21746).
//
// Four things can end the call with which a connection is given:
// - its answer: the worker has the connection;
// - a failure to send it: the worker is gone;
// - the end of the worker;
// - the answer to a later call, which shows that the connection did not arrive: Node drops a message without notice if the worker
//   has no descriptor free for its handle.

/** Calls of a worker that takes connections. */
export type ConnectionCalls = {
  /** Takes the connection that comes with the call. */
  takeConnection(nothing: undefined, connection?: Socket): void;
  /** Answers after every connection that was sent earlier and has arrived. */
  confirmTaken(): void;
};

/** Gives connections to one worker. */
export class ConnectionGiver {
  readonly #worker: Peer<ConnectionCalls>;
  readonly #confirmMs: number;
  readonly #giving = new Set<AbortController>();
  #isConfirming = false;

  /** `confirmMs`: milliseconds after which a connection that is not yet taken may not have arrived. */
  constructor(worker: Peer<ConnectionCalls>, confirmMs: number) {
    this.#worker = worker;
    this.#confirmMs = confirmMs;
  }

  /** Number of connections that were sent to the worker and that it has not taken yet. */
  get giving(): number {
    return this.#giving.size;
  }

  /**
   * Gives the worker a connection from which nothing was read. Resolves to whether the worker has taken it, which fails if the worker
   * has ended or has no free descriptor.
   */
  async give(connection: Socket): Promise<boolean> {
    const missing = new AbortController();
    this.#giving.add(missing);
    if (!this.#isConfirming) void this.#confirm();
    try {
      await this.#worker.call('takeConnection', undefined, { handle: connection, signal: missing.signal });
      return true;
    } catch {
      return false;
    } finally {
      this.#giving.delete(missing);
    }
  }

  /** While connections are on their way, finds those that did not arrive. */
  async #confirm(): Promise<void> {
    this.#isConfirming = true;
    while (this.#giving.size > 0) {
      const sent = [...this.#giving];
      await sleep(this.#confirmMs, undefined, { ref: false });
      const late = sent.filter((each) => this.#giving.has(each));
      if (late.length === 0) continue;
      // A worker that has ended has not taken them either.
      await this.#worker.call('confirmTaken', undefined).catch(() => undefined);
      for (const each of late) each.abort();
    }
    this.#isConfirming = false;
  }
}

/** The worker's side: the calls that it offers to its supervisor. If `take` throws, the process ends. */
export function connectionTaker(take: (connection: Socket) => void): ConnectionCalls {
  return {
    takeConnection: (_, connection) => {
      // If there is no connection, the client had already gone. `take` runs after the answer, so that a connection that ends this
      // worker is not given to another one.
      if (connection) queueMicrotask(take.bind(undefined, connection));
    },
    confirmTaken: () => undefined,
  };
}

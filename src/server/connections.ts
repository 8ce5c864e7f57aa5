import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientAuth } from '../certificates/tlsIdentity.ts';
import type { Client } from '../http/exchange.ts';

/** The last request that arrived on a connection. */
export interface LastRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

export interface Connection {
  /** Below TLS. */
  readonly socket: Socket;
  client: Client;
  /** What was in force when its TLS handshake began. */
  clientAuth?: ClientAuth | undefined;
  /** Otherwise it is closed when its TLS handshake is finished. */
  mayRequest: boolean;
  lastRequest?: LastRequest;
  /** Whether the answer to its last request ends it: what comes behind that request is not believed. */
  isEnding?: boolean;
  /** Requests that have come and are not answered yet. */
  unanswered: number;
}

/** The open connections, at most `capacity`. */
export class Connections {
  readonly #capacity: number;
  /** Those on which no request has been answered, oldest first. */
  readonly #fresh = new Set<Connection>();
  /** Those on which one has, longest without one first. */
  readonly #served = new Set<Connection>();
  readonly #byStream = new WeakMap<Duplex, Connection>();
  #isClosed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#fresh.size + this.#served.size;
  }

  /**
   * Takes a new connection in. When there are too many already, the one that waits longest for its client is closed and
   * returned as `closed`; if none waits, it is the new one. After `close` there is no room for any.
   */
  open(socket: Socket): { readonly opened?: Connection; readonly closed?: Connection } {
    if (this.#isClosed) {
      socket.destroy();
      return {};
    }
    const client = { remoteAddress: socket.remoteAddress };
    const connection: Connection = { socket, client, mayRequest: true, unanswered: 0 };
    const closed = this.size < this.#capacity ? undefined : (this.#longestWaiting() ?? connection);
    closed?.socket.destroy();
    if (closed) this.#forget(closed);
    if (closed === connection) return { closed };
    this.#fresh.add(connection);
    this.link(socket, connection);
    socket.once('close', () => {
      this.#forget(connection);
    });
    return closed ? { opened: connection, closed } : { opened: connection };
  }

  /** Closes all of them, and from now on each new one before a byte of it is read: another process may still hand some over. */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of [...this.#fresh, ...this.#served]) socket.destroy();
  }

  /** Makes `of` know a stream on top of the connection's socket. */
  link(stream: Duplex, connection: Connection): void {
    this.#byStream.set(stream, connection);
  }

  of(stream: Duplex): Connection | undefined {
    return this.#byStream.get(stream);
  }

  /** A request of the connection has been answered. */
  answered(connection: Connection): void {
    // Not one that has been closed meanwhile.
    if (this.#forget(connection)) this.#served.add(connection);
  }

  // New ones only compete with each other once they hold a quarter, so that a flood of them closes no connection in use.
  #longestWaiting(): Connection | undefined {
    const fresh = [...this.#fresh].find(isWaiting);
    if (this.#fresh.size >= this.#capacity / 4 && fresh) return fresh;
    return [...this.#served].find(isWaiting) ?? fresh;
  }

  #forget(connection: Connection): boolean {
    return this.#fresh.delete(connection) || this.#served.delete(connection);
  }
}

/** Whether its client is to send something: a handshake, a request, the rest of one. */
function isWaiting({ lastRequest }: Connection): boolean {
  return lastRequest === undefined || !lastRequest.req.complete || lastRequest.res.closed;
}

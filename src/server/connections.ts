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
  /** The TCP connection, below TLS. */
  readonly socket: Socket;
  client: Client;
  /** The `clientAuth` in force when the TLS handshake began. */
  clientAuth?: ClientAuth | undefined;
  /** Whether the connection may send requests. If not, it is closed when its TLS handshake is finished. */
  mayRequest: boolean;
  lastRequest?: LastRequest;
  /** Whether the answer to its last request ends it. Bytes that follow that request are not trusted. */
  isEnding?: boolean;
  /** Requests that have arrived and have no answer yet. */
  unanswered: number;
}

/** The open connections, at most `capacity`. */
export class Connections {
  readonly #capacity: number;
  /** Connections on which no request has been answered, oldest first. */
  readonly #fresh = new Set<Connection>();
  /** Connections on which a request has been answered. The first one has been without a request for the longest time. */
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
   * Adds a new connection. If there are too many already, it closes the one that has waited longest for its client, and returns
   * it as `closed`. If none waits, the new connection itself is closed. After `close`, every new connection is.
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

  /**
   * Closes all connections. From now on, each new one is closed before a byte of it is read, since another process may still hand
   * some over.
   */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of [...this.#fresh, ...this.#served]) socket.destroy();
  }

  /** Makes `of` find the connection by a stream on top of its socket. */
  link(stream: Duplex, connection: Connection): void {
    this.#byStream.set(stream, connection);
  }

  of(stream: Duplex): Connection | undefined {
    return this.#byStream.get(stream);
  }

  /** Notes that a request of the connection has been answered. */
  answered(connection: Connection): void {
    // A connection that has been closed meanwhile is not added.
    if (this.#forget(connection)) this.#served.add(connection);
  }

  // Once new connections hold a quarter, they only compete with each other. So a flood of them closes no connection in use.
  #longestWaiting(): Connection | undefined {
    const fresh = [...this.#fresh].find(isWaiting);
    if (this.#fresh.size >= this.#capacity / 4 && fresh) return fresh;
    return [...this.#served].find(isWaiting) ?? fresh;
  }

  #forget(connection: Connection): boolean {
    return this.#fresh.delete(connection) || this.#served.delete(connection);
  }
}

/** Whether the connection waits for its client to send something: a handshake, a request, or the rest of one. */
function isWaiting({ lastRequest }: Connection): boolean {
  return lastRequest === undefined || !lastRequest.req.complete || lastRequest.res.closed;
}

import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { connectionOptions, explain } from '../xksClient/sendRequest.ts';
import type { Endpoint } from '../xksClient/target.ts';
import { AnswerReader, type RawAnswer } from './answerReader.ts';
import type { PreparedRequest } from './prepareRequests.ts';

/** Sends requests on connections that it keeps open, and judges the answers. */
export class Sender {
  readonly #free: Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  readonly #connections: readonly Connection[];
  readonly #deadlineMs: number;
  #isClosed = false;

  constructor(endpoint: Endpoint, connections: number) {
    this.#deadlineMs = endpoint.deadlineMs;
    this.#connections = Array.from({ length: connections }, () => new Connection(endpoint));
    this.#free = [...this.#connections];
  }

  /** Opens all connections, so that no handshake is measured. */
  async open([first]: readonly PreparedRequest[]): Promise<void> {
    if (first) await Promise.all(this.#connections.map(() => this.send(first)));
  }

  /**
   * Resolves to undefined after a good answer, otherwise to a description of the failure. If no connection is free within the
   * deadline, the request is not sent. With a proxy that hangs, requests would otherwise wait for minutes.
   */
  async send({ bytes, judge }: PreparedRequest): Promise<string | undefined> {
    const latest = performance.now() + this.#deadlineMs;
    const connection = this.#free.pop() ?? (await this.#nextFree());
    try {
      if (this.#isClosed) return 'not sent';
      if (performance.now() > latest) return `no free connection within ${this.#deadlineMs} ms`;
      const { status, body } = await connection.send(bytes);
      return judge(status, body);
    } catch (error) {
      return explain(error, this.#deadlineMs);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }

  /** Ends all running requests, and sends no others. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
  }

  #nextFree(): Promise<Connection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

interface Exchange {
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** One connection, which is opened again after it has ended. */
class Connection {
  readonly #endpoint: Endpoint;
  #socket: Socket | undefined;
  #reader = new AnswerReader();
  #exchange: Exchange | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Sends one request at a time. Rejects if no complete answer arrives within the deadline. */
  send(bytes: Buffer): Promise<RawAnswer> {
    const { deadlineMs } = this.#endpoint;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(Object.assign(new Error(), { name: 'TimeoutError' }));
      }, deadlineMs);
      this.#exchange = { resolve, reject, timer };
      this.#socket ??= this.#connect();
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#fail(new Error('closed'));
  }

  #connect(): Socket {
    this.#reader = new AnswerReader();
    const options = connectionOptions(this.#endpoint);
    const isSecure = this.#endpoint.url.protocol === 'https:';
    const socket: Socket = isSecure ? connectSecurely(options) : connectPlainly(options);
    // The former connection may still emit events.
    const isCurrent = () => this.#socket === socket;
    return socket
      .setNoDelay()
      .on('data', (chunk) => {
        if (isCurrent()) this.#read(() => this.#reader.push(chunk));
      })
      .on('end', () => {
        if (isCurrent()) this.#read(() => this.#reader.end());
      })
      .on('error', (error) => {
        if (isCurrent()) this.#fail(error);
      })
      .on('close', () => {
        if (isCurrent()) this.#fail(Object.assign(new Error(), { code: 'ECONNRESET' }));
      });
  }

  #read(read: () => RawAnswer | undefined): void {
    try {
      const answer = read();
      if (!answer) return;
      if (answer.closes) this.#disconnect();
      this.#finish()?.resolve(answer);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#disconnect();
    this.#finish()?.reject(error);
  }

  #disconnect(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #finish(): Exchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    clearTimeout(exchange?.timer);
    return exchange;
  }
}

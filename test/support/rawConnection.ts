import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';
import type { Credential } from '../../src/sigv4/credential.ts';
import { handSigned } from './handSigned.ts';
import { encryptBody, paths } from './messages.ts';

export interface RawAnswer {
  readonly status: number;
  /** Headers with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// After this time, the connection hangs and the test fails.
const DEADLINE_MS = 25_000;
// The body of answers that Node itself gives.
const NO_CHUNKS = '0\r\n\r\n';

/** A connection that sends given bytes and stores the answer. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received = '';

  readonly #sessions: Buffer[] = [];

  /** Connects to 127.0.0.1; with `ca` (PEM), over TLS. `preface` is sent before the TLS handshake. */
  constructor(port: number, { preface, ...tls }: ConnectionOptions & { readonly preface?: Buffer } = {}) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    if (preface) socket.write(preface);
    this.#socket = tls.ca === undefined ? socket : connectTls({ socket, host: '127.0.0.1', ...tls });
    // The connection below TLS may be reset too.
    socket.on('error', () => undefined);
    this.#socket.on('session', (session: Buffer) => this.#sessions.push(session));
    this.#socket.setEncoding('latin1').on('data', (text: Buffer | string) => {
      this.#received += text.toString();
    });
    // A server may end a connection with a reset.
    this.#socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
  }

  /** Resolves when the TLS handshake of the connection has succeeded. */
  get tls(): TLSSocket {
    if (!(this.#socket instanceof TLSSocket)) throw new Error('a connection without TLS');
    return this.#socket;
  }

  /** TLS sessions that the server has given, for resumption, newest last. */
  get sessions(): readonly Buffer[] {
    return this.#sessions;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Everything received, one character per byte. */
  get received(): string {
    return this.#received;
  }

  /** Sends a text with one byte per character. Resolves when the bytes have been sent, or never will be. */
  send(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => {
        resolve();
      });
    });
  }

  /** Ends the sending half. */
  finish(): void {
    this.#socket.end();
  }

  /** Ends the connection at once. Without TLS, this sends a TCP reset. */
  reset(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** The complete answers so far. */
  get answers(): RawAnswer[] {
    return parseAnswers(this.#received);
  }

  /** Resolves when this number of answers has been received, or the peer has closed the connection. */
  async answered(count = 1): Promise<RawAnswer[]> {
    const { promise: enough, resolve, reject } = Promise.withResolvers<undefined>();
    const check = (): void => {
      try {
        if (this.answers.length >= count) resolve(undefined);
        else this.#socket.once('data', check);
      } catch (error) {
        reject(error);
      }
    };
    check();
    await beforeDeadline(Promise.race([enough, this.#closed]), 'neither answered nor closed');
    return this.answers;
  }

  /** Resolves to all answers when the peer has closed the connection. */
  async closed(): Promise<RawAnswer[]> {
    await beforeDeadline(this.#closed, 'not closed');
    return this.answers;
  }
}

async function beforeDeadline(event: Promise<void>, otherwise: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`The connection was ${otherwise} in time.`));
  }, DEADLINE_MS);
  try {
    await Promise.race([event, promise]);
  } finally {
    clearTimeout(timer);
  }
}

export interface RawPost {
  readonly credential: Credential;
  readonly path?: string;
  /** The signed body. */
  readonly body?: string;
  /** The request line, if it differs from the usual one. */
  readonly requestLine?: string;
  /** Header lines with the length of the body. Undefined means the right Content-Length. */
  readonly framing?: string;
  /** Additional unsigned header lines. */
  readonly lines?: string;
  /** The bytes that are sent as the body. Undefined means the signed body. */
  readonly payload?: string;
}

/** The bytes of a signed request, one character per byte, by default an encrypt. */
export function rawPost(post: RawPost): string {
  const { credential, path = paths.encrypt, body = JSON.stringify(encryptBody), lines = '', payload = body } = post;
  const { requestLine = `POST ${path} HTTP/1.1`, framing = `Content-Length: ${Buffer.byteLength(body)}\r\n` } = post;
  const signed = Object.entries(handSigned({ credential, path, body })).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${requestLine}\r\n${signed.join('')}${framing}${lines}\r\n${payload}`;
}

/** Throws if the bytes are not successive answers, each with a Content-Length or without a body. */
function parseAnswers(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    if (Number.isNaN(status)) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:\s*/, '')]),
    );
    const start = end + 4;
    const length =
      headers['transfer-encoding'] === 'chunked' ? NO_CHUNKS.length : Number(headers['content-length'] ?? 0);
    if (rest.length < start + length) return answers;
    answers.push({ status, headers, body: rest.slice(start, start + length) });
    rest = rest.slice(start + length);
  }
}

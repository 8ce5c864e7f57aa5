import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';
import type { Credential } from '../../src/sigv4/credential.ts';
import { handSigned } from './handSigned.ts';
import { encryptBody, paths } from './messages.ts';

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// A test that waits this long has found a connection that hangs.
const DEADLINE_MS = 25_000;
// The body of the answers that Node gives by itself.
const NO_CHUNKS = '0\r\n\r\n';

/** A connection that sends the bytes it is told to, and knows what came back. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received = '';

  readonly #sessions: Buffer[] = [];

  /** To 127.0.0.1; with `ca` (PEM), over TLS. `preface` is sent before the TLS handshake. */
  constructor(port: number, { preface, ...tls }: ConnectionOptions & { readonly preface?: Buffer } = {}) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    if (preface) socket.write(preface);
    this.#socket = tls.ca === undefined ? socket : connectTls({ socket, host: '127.0.0.1', ...tls });
    // What is below TLS may be reset as well.
    socket.on('error', () => undefined);
    this.#socket.on('session', (session: Buffer) => this.#sessions.push(session));
    this.#socket.setEncoding('latin1').on('data', (text: Buffer | string) => {
      this.#received += text.toString();
    });
    // A reset is one of the ways in which a server may end a connection.
    this.#socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
  }

  /** Of a TLS connection whose handshake has succeeded. */
  get tls(): TLSSocket {
    if (!(this.#socket instanceof TLSSocket)) throw new Error('a connection without TLS');
    return this.#socket;
  }

  /** What the server gave to resume the TLS session with, the newest last. */
  get sessions(): readonly Buffer[] {
    return this.#sessions;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Everything that came, one character a byte. */
  get received(): string {
    return this.#received;
  }

  /** Text is sent with one byte a character. Resolves when the bytes have left, or never will. */
  send(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => {
        resolve();
      });
    });
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    this.#socket.end();
  }

  /** Ends the connection at once: without TLS, by a TCP reset. */
  reset(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** The answers that have come whole. */
  get answers(): RawAnswer[] {
    return parseAnswers(this.#received);
  }

  /** Resolves when so many answers have come, or the other end has closed the connection. */
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

  /** Resolves to all answers when the other end has closed the connection. */
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
  /** What is signed. */
  readonly body?: string;
  /** Instead of the usual first line. */
  readonly requestLine?: string;
  /** Header lines that say how long the body is; undefined: the right Content-Length. */
  readonly framing?: string;
  /** More header lines, which are not signed. */
  readonly lines?: string;
  /** What is sent for the body; undefined: the body. */
  readonly payload?: string;
}

/** The bytes of a signed request, one character a byte, an encrypt unless told otherwise. */
export function rawPost(post: RawPost): string {
  const { credential, path = paths.encrypt, body = JSON.stringify(encryptBody), lines = '', payload = body } = post;
  const { requestLine = `POST ${path} HTTP/1.1`, framing = `Content-Length: ${Buffer.byteLength(body)}\r\n` } = post;
  const signed = Object.entries(handSigned({ credential, path, body })).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${requestLine}\r\n${signed.join('')}${framing}${lines}\r\n${payload}`;
}

/** Throws if the bytes are not answers that follow one another, each with a Content-Length or with no body. */
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

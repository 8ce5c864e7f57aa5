import { request as httpRequest, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { SIGNATURE_ALGORITHMS } from '../certificates/clientTls.ts';
import type { Endpoint } from './target.ts';

export type Header = readonly [name: string, value: string];

export interface WireRequest {
  readonly method: string;
  /** The request target, sent without changes. */
  readonly path: string;
  /** Headers in the order of sending. A name may occur twice. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The parsed body, undefined if it is not JSON. */
  readonly json: unknown;
  readonly reusedConnection: boolean;
}

/** Thrown without an HTTP answer: the connection was refused or closed, or the deadline has passed. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Thrown when an HTTP answer is too large, or does not end within the deadline. */
export class BrokenAnswer extends NoAnswer {}

const MAX_ANSWER_BYTES = 1_048_576;
const MAX_REASON_CHARACTERS = 300;

/** Sends one request, on a connection of its own unless an agent lends one. Throws NoAnswer. */
export async function sendRequest(endpoint: Endpoint, request: WireRequest, agent?: Agent): Promise<Answer> {
  const signal = AbortSignal.timeout(endpoint.deadlineMs);
  const options: RequestOptions = {
    ...connectionOptions(endpoint),
    method: request.method,
    path: request.path,
    headers: request.headers.flat(),
    agent: agent ?? false,
    signal,
  };
  let begun = false;
  try {
    const outgoing = endpoint.url.protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
    const incoming = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject);
    });
    outgoing.end(request.body);
    const response = await incoming;
    begun = true;
    const body = await readBody(response);
    return {
      status: response.statusCode ?? 0,
      httpVersion: response.httpVersion,
      headers: response.headers,
      body,
      json: parseJson(body),
      reusedConnection: outgoing.reusedSocket,
    };
  } catch (error) {
    // After the head of an answer, a timeout is reported as a closed connection.
    const reason = explain(signal.aborted ? signal.reason : error, endpoint.deadlineMs);
    throw begun ? new BrokenAnswer(reason, { cause: error }) : new NoAnswer(reason, { cause: error });
  }
}

/** Returns options of a connection, for node:https, node:tls and node:net. */
export function connectionOptions({ url, connectTo, tls }: Endpoint) {
  const hostname = url.hostname.replaceAll(/[[\]]/g, '');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return {
    ...(connectTo ?? { host: hostname, port }),
    // TLS does not allow an IP address as a server name.
    servername: isIP(hostname) ? '' : hostname,
    ALPNProtocols: ['http/1.1'],
    sigalgs: SIGNATURE_ALGORITHMS,
    ...tls,
  };
}

/** Reads the body of an answer. Throws if it has more than MAX_ANSWER_BYTES. */
export async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('an answer of more than 1 MiB');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

export function explain(error: unknown, deadlineMs: number): string {
  // An error while writing has OpenSSL's reason only in its message.
  const { name, code, message, reason = reasonIn(message) } = error as NodeJS.ErrnoException & { reason?: string };
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${deadlineMs} ms`;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'connection closed without an answer';
  // OpenSSL's own messages contain addresses and source lines.
  const said = reason === undefined ? message || String(code) : `TLS failure: ${reason}`;
  // The text may contain names from a certificate, which may be anything.
  return said.replaceAll(/\p{C}/gu, '?').slice(0, MAX_REASON_CHARACTERS);
}

function reasonIn(message: string): string | undefined {
  return /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
}

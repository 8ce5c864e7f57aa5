import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent } from 'node:https';
import { connectionFailure, lateFailure } from './connectionFailure.ts';
import type { HttpAnswer } from './parseAnswer.ts';
import type { ProxyConnection } from './proxyConnection.ts';
import type { ProxyEndpoint } from './proxyEndpoint.ts';
import type { XksExchange } from './xksProxyClient.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';

export interface SignedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Outcome = { readonly certificate: XksExchange['certificate'] } & (
  | { readonly answer: HttpAnswer }
  | { readonly failure: XksProxyFailure; readonly late: boolean }
);

const MAX_ANSWER_BYTES = 65_536;

/**
 * Sends a request. If no answer comes in time, sends it once more on a new connection. The failure is NotReachable only if neither attempt
 * had a TCP connection.
 */
export async function sendRequest(
  endpoint: ProxyEndpoint,
  request: SignedRequest,
  answerWithinMs: number,
): Promise<Outcome> {
  const first = await attempt(endpoint, endpoint.kept, request, answerWithinMs);
  if (!('late' in first && first.late)) return first;
  const second = await attempt(endpoint, endpoint.fresh, request, answerWithinMs);
  const certificate = second.certificate ?? first.certificate;
  const outcome = 'late' in second && second.late && second.failure.reason === 'NotReachable' ? first : second;
  return { ...outcome, certificate };
}

async function attempt(
  endpoint: ProxyEndpoint,
  agent: Agent,
  request: SignedRequest,
  answerWithinMs: number,
  deadline = AbortSignal.timeout(answerWithinMs),
): Promise<Outcome> {
  const outgoing = httpsRequest({
    agent,
    method: 'POST',
    path: request.path,
    headers: { ...request.headers, 'content-type': 'application/json' },
    signal: deadline,
  });
  const used: { connection?: ProxyConnection; receivedBefore: number; error?: Error } = { receivedBefore: 0 };
  // Keeps the error of the request. If an answer breaks off as invalid HTTP, the response's own error says only that it ended.
  outgoing.on('error', (error) => {
    used.error ??= error;
  });
  outgoing.once('socket', (socket) => {
    used.connection = endpoint.connectionOf(socket);
    used.receivedBefore = used.connection.bytesReceived;
  });
  try {
    const answer = await readWhole(await responseTo(outgoing, request.body));
    return { answer, certificate: used.connection?.certificate };
  } catch (error) {
    const { connection, receivedBefore } = used;
    const certificate = connection?.certificate;
    if (error instanceof XksProxyFailure) return { failure: error, late: false, certificate };
    if (deadline.aborted) return { failure: lateFailure(connection, answerWithinMs), late: true, certificate };
    const wasClosed = outgoing.reusedSocket && isReset(error) && connection?.bytesReceived === receivedBefore;
    // The proxy closed an idle connection just before it was used.
    if (wasClosed && !endpoint.isClosed) return attempt(endpoint, endpoint.fresh, request, answerWithinMs, deadline);
    return { failure: connectionFailure(used.error ?? error, connection), late: false, certificate };
  }
}

function responseTo(outgoing: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve).on('error', reject);
    outgoing.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new XksProxyFailure('InvalidResponse', 'HTTP 101'));
    });
    outgoing.end(body);
  });
}

async function readWhole(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new XksProxyFailure('InvalidResponse', `an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(bytes);
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'],
    body: Buffer.concat(chunks),
  };
}

function isReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsIdentity } from '../certificates/tlsIdentity.ts';
import type { Client } from '../http/exchange.ts';
import { hostProblem } from '../hosts.ts';
import { listenOn, type ListenAddress } from '../listenOn.ts';
import { admitProxied, type ProxyProtocol } from './admitProxied.ts';
import { MAX_CONNECTIONS } from './connectionLimit.ts';
import { Connections } from './connections.ts';
import { drain } from './drain.ts';
import { interpose } from './interpose.ts';
import { LISTEN_DURATIONS, type ListenDurations } from './listenDurations.ts';
import { notAccepted, type Refusal } from './refusal.ts';
import { refuseRequest } from './refuseRequest.ts';
import { refuseUnparsable } from './refuseUnparsable.ts';
import { createTlsServer } from './tlsServer.ts';

/** Hands over connections that another process has accepted. */
export type HandOver = (take: (connection: Socket) => void) => void;

export interface ListenOptions {
  /** A port of this process, or connections that another process hands over. */
  readonly source: ListenAddress | HandOver;
  /** If undefined, plain HTTP is served. */
  readonly tls: TlsIdentity | undefined;
  /** 48 bytes that seal TLS session tickets, the same in every process that shares the port; random ones if left out. */
  readonly ticketKeys?: Buffer;
  readonly proxyProtocol: ProxyProtocol;
  /** Open connections at most; MAX_CONNECTIONS if left out. */
  readonly maxConnections?: number;
  /** LISTEN_DURATIONS if left out. */
  readonly durations?: ListenDurations;
  /** Makes the listener that answers requests. `clientOf` returns the client on whose connection a request came. */
  readonly listener: (clientOf: (req: IncomingMessage) => Client) => RequestListener;
  /** Whether requests can be recorded at present. If not, their connections are closed. */
  readonly canRecord?: () => boolean;
  /**
   * Called for each connection that is not accepted or not let in, or that ends without a request (no HTTP, no TLS, or nothing in
   * time). Also called for each request that `listener` does not see.
   */
  readonly onRefused: (refusal: Refusal) => void;
}

export interface Listening {
  /** Undefined if it has no port of its own. */
  readonly address: AddressInfo | undefined;
  /**
   * Replaces certificate, key and clientAuth for new connections. Open connections keep theirs. Throws if OpenSSL refuses the new
   * ones; then nothing changes.
   */
  setTls(tls: TlsIdentity): void;
  /**
   * Keeps serving for `lameDuckMs`, but ends each connection with its next answer. After that it takes no new connection, closes
   * idle ones and lets running requests finish. `drainMs` after the call it closes the rest. Returns whether every request
   * finished.
   */
  drain(drainMs: number, lameDuckMs?: number): Promise<boolean>;
}

const MAX_HEADER_BYTES = 16 * 1024;
// A Network Load Balancer silently drops a connection that is idle for 350 s. TCP probes keep it open, and detect clients that
// are gone.
const TCP = { keepAlive: true, keepAliveInitialDelay: 60_000 };
// Requests of one connection that may run at once: a client, such as KMS, need not wait for an answer before its next request.
// The number is small, because thousands of requests in one turn of the event loop are more than the log can take.
const MAX_PIPELINED = 8;
const MANY = 256;

/** The reason of a refusal: so many records wait to be written that no further request is accepted. */
export const UNRECORDABLE = 'too many requests wait for their records';

const UNKNOWN_EXPECTATION = 'an Expect header other than 100-continue';
const BEHIND_LAST = 'a request after the last one of its connection';

/** Starts to serve. Throws what the system says: EADDRINUSE, EACCES. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { source, tls, ticketKeys = randomBytes(48), proxyProtocol, canRecord } = options;
  const { maxConnections = MAX_CONNECTIONS, durations = LISTEN_DURATIONS } = options;
  const connections = new Connections(maxConnections);
  const running = new Set<ServerResponse>();
  let draining = false;
  const onRefused = (refusal: Refusal): void => {
    if (!draining) options.onRefused(refusal);
  };
  const http = httpOptions(durations);
  const { handshakeMs } = durations;
  const tlsServer = tls && createTlsServer({ tls, ticketKeys, http, handshakeMs, connections, onRefused });
  const server: Server = tlsServer?.server ?? createServer(http);

  const connectionOf = (stream: Socket) => connections.of(stream) ?? tlsServer?.connectionOf(stream);
  const listener = options.listener((req) => connections.of(req.socket)?.client ?? { remoteAddress: undefined });
  server.on('request', (req, res) => {
    const connection = connections.of(req.socket);
    if (!connection?.mayRequest || req.socket.destroyed) {
      req.socket.destroy();
      return;
    }
    const refuse = (reason: string): void => {
      onRefused({ ...connection.client, reason, routine: false });
    };
    if (connection.isEnding) {
      // The answer to the previous request ends the connection.
      refuse(BEHIND_LAST);
      return;
    }
    if (connection.unanswered >= (running.size < MANY ? MAX_PIPELINED : 1)) {
      refuse('too many requests before an answer');
      req.socket.destroy();
      return;
    }
    if (canRecord?.() === false) {
      refuse(UNRECORDABLE);
      req.socket.destroy();
      return;
    }
    connection.unanswered += 1;
    connection.lastRequest = { req, res };
    running.add(res);
    res.once('close', () => {
      running.delete(res);
      connection.unanswered -= 1;
      // A client that got this answer has a credential. Clients without one must not crowd it out.
      if (res.statusCode === 200) connections.answered(connection);
    });
    if (hasUnclearEnd(req)) connection.isEnding = true;
    if (draining || connection.isEnding) res.setHeader('Connection', 'close');
    const wrong = wrongHosts(req);
    if (wrong === undefined) listener(req, res);
    else {
      connection.isEnding = true;
      refuse(wrong);
      refuseRequest(res, 400, `This is ${wrong}.`);
    }
  });
  // Without this listener, Node would answer by itself, and nothing would be logged.
  server.on('checkExpectation', (req, res) => {
    const connection = connections.of(req.socket);
    if (!connection?.mayRequest) {
      req.socket.destroy();
      return;
    }
    const reason = connection.isEnding ? BEHIND_LAST : UNKNOWN_EXPECTATION;
    onRefused({ ...connection.client, reason, routine: false });
    if (!connection.isEnding) refuseRequest(res, 417, reason);
    connection.isEnding = true;
  });
  server.on('connect', (req, stream) => {
    const { client } = connections.of(req.socket) ?? { client: { remoteAddress: req.socket.remoteAddress } };
    onRefused({ ...client, reason: 'a CONNECT request', routine: false });
    stream.destroy();
  });
  server.timeout = durations.silenceMs;
  server.on('clientError', (error: NodeJS.ErrnoException, stream: Socket) => {
    const { client, lastRequest } = connectionOf(stream) ?? { client: { remoteAddress: stream.remoteAddress } };
    const { code = error.message } = error;
    // A load balancer's TCP health check connects and disconnects like this every few seconds.
    onRefused({ ...client, reason: code, routine: code === 'ECONNRESET' });
    refuseUnparsable(error, stream, lastRequest);
  });
  interpose(server, 'connection', (socket, proceed) => {
    const { opened, closed } = connections.open(socket);
    if (closed) onRefused({ ...closed.client, reason: 'too many connections', routine: false });
    if (!opened) return;
    if (proxyProtocol.enabled) {
      void admitProxied(opened, proxyProtocol, durations, onRefused).then((admitted) => {
        // Without TLS, a health check has nothing more to see.
        if (admitted && !socket.destroyed && (tls || opened.mayRequest)) proceed();
        else socket.destroy();
      });
    } else proceed();
  });
  let address: AddressInfo | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    onRefused(notAccepted(error));
  };
  if (typeof source === 'function') takeConnections(server, source, onError);
  else address = await listenOn(server, source, onError);

  return {
    address,
    setTls: (next) => {
      if (!tlsServer) throw new Error('plain HTTP has no certificate to replace');
      tlsServer.setTls(next);
    },
    drain: async (drainMs, lameDuckMs = 0) => {
      draining = true;
      const listenMs = Math.min(lameDuckMs, drainMs);
      if (listenMs > 0) await sleep(listenMs);
      return drain(server, { connections, running, drainMs: drainMs - listenMs, arrivalMs: durations.arrivalMs });
    },
  };
}

function httpOptions({ requestMs, checkMs, idleMs }: ListenDurations): ServerOptions {
  return {
    ...TCP,
    requireHostHeader: false,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: idleMs,
  };
}

/**
 * Whether Node and a load balancer may disagree about where a request ends. Node drops bytes that arrive together with an Upgrade
 * request. RFC 9112, section 6.1: the framing of an HTTP/1.0 message with Transfer-Encoding is to be treated as faulty.
 */
function hasUnclearEnd({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.upgrade !== undefined || (httpVersion === '1.0' && headers['transfer-encoding'] !== undefined);
}

/** Returns what a request is that RFC 9112, section 3.2, wants refused; undefined for other requests. */
function wrongHosts(req: IncomingMessage): string | undefined {
  if (req.httpVersion === '1.1' && req.headers.host === undefined) return 'a request without a Host header';
  const problem = hostProblem(req);
  return problem && `a request with ${problem}`;
}

function takeConnections(server: Server, handOver: HandOver, onError: (error: Error) => void): void {
  server.on('error', onError);
  handOver((connection) => {
    // A server with a port sets this itself.
    connection.allowHalfOpen = true;
    connection.setNoDelay(true).setKeepAlive(TCP.keepAlive, TCP.keepAliveInitialDelay);
    server.emit('connection', connection);
  });
  // This event makes Node start to check for requests that take too long.
  server.emit('listening');
}

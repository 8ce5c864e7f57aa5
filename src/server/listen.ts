import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsIdentity } from '../config/configSource.ts';
import { refuseUnparsable, type LastRequest } from './refuseUnparsable.ts';
import { tlsOptions } from './tlsOptions.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: TlsIdentity | undefined;
  readonly listener: RequestListener;
  /** Told when a connection cannot be accepted, such as for want of file descriptors; the server goes on. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
  /** Told of each connection that ends without a request: no HTTP, no TLS, or nothing in time. */
  readonly onUnparsable: (what: { code: string | undefined; remoteAddress: string | undefined }) => void;
}

export interface Listening {
  readonly address: AddressInfo;
  /** Another certificate and key for the connections to come. Only of a server that has TLS. */
  setTls(tls: TlsIdentity): void;
  /**
   * Serves on for `lameDuckMs`, but ends each connection with the next answer; then takes no new connection, closes idle ones, lets
   * running requests finish, and after `drainMs` in all closes what is left. Returns whether every request finished.
   */
  drain(drainMs: number, lameDuckMs: number): Promise<boolean>;
}

// A whole request is 30 KiB at most and KMS waits 250 ms for its answer: whoever takes longer to send one is not KMS.
const LIMITS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
  // Longer than the 350 s after which a Network Load Balancer drops an idle connection, so that no request meets a closing one.
  keepAliveTimeout: 400_000,
};
// Each may hold a body of 128 KiB and a file descriptor; KMS keeps far fewer.
const MAX_CONNECTIONS = 1_000;
// Longer than an idle connection is kept.
const SILENCE_MS = 410_000;
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

// Whoever has begun to send a request when a drain begins has this long to get it running.
const ARRIVAL_MS = 500;
const DRAIN_POLL_MS = 50;

/** Starts to serve. Throws what the system says: EADDRINUSE, EACCES. */
export async function listen({ host, port, tls, listener, onError, onUnparsable }: ListenOptions): Promise<Listening> {
  const connections = new Set<Socket>();
  const running = new Set<ServerResponse>();
  const lastRequest = new WeakMap<Duplex, LastRequest>();
  let draining = false;
  const serve: RequestListener = (req, res) => {
    running.add(res);
    lastRequest.set(req.socket, { req, res });
    res.once('close', () => running.delete(res));
    if (draining) res.setHeader('Connection', 'close');
    listener(req, res);
  };
  const https =
    tls && createHttpsServer({ ...LIMITS, ...tlsOptions(tls), handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }, serve);
  const server: Server = https ?? createHttpServer(LIMITS, serve);
  server.maxConnections = MAX_CONNECTIONS;
  // For a client that sends and never reads.
  server.timeout = SILENCE_MS;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex & { remoteAddress?: string | undefined }) => {
    if (!draining) onUnparsable({ code: error.code, remoteAddress: socket.remoteAddress });
    refuseUnparsable(error, socket, lastRequest.get(socket));
  });
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject).on('error', onError);
      resolve();
    });
  });

  const drain = async (drainMs: number, lameDuckMs: number): Promise<boolean> => {
    draining = true;
    const startedAt = performance.now();
    const lasts = (milliseconds: number): boolean => performance.now() - startedAt < milliseconds;
    const closesAfter = Math.min(lameDuckMs, drainMs);
    if (closesAfter > 0) await sleep(closesAfter);
    const closed = new Promise((resolve) => server.close(resolve));
    while (connections.size > 0 && lasts(drainMs) && (running.size > 0 || lasts(closesAfter + ARRIVAL_MS))) {
      server.closeIdleConnections();
      await sleep(DRAIN_POLL_MS);
    }
    // A request is recorded when it has ended.
    const ends = [...running].map((res) => new Promise((resolve) => res.once('close', resolve)));
    // Node's own closeAllConnections leaves those whose TLS handshake is not finished.
    for (const connection of connections) connection.destroy();
    await Promise.all([closed, ...ends]);
    return ends.length === 0;
  };
  const setTls = (identity: TlsIdentity): void => {
    https?.setSecureContext(tlsOptions(identity));
  };
  return { address: server.address() as AddressInfo, setTls, drain };
}

import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsIdentity } from '../config/configSource.ts';
import { refuseUnparsable } from './refuseUnparsable.ts';
import { tlsOptions } from './tlsOptions.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: TlsIdentity | undefined;
  readonly listener: RequestListener;
}

export interface Listening {
  readonly address: AddressInfo;
  /**
   * Takes no new connection, closes idle ones, lets running requests finish, and after `drainMs` closes what is left.
   * Returns whether every request finished.
   */
  drain(drainMs: number): Promise<boolean>;
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
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Starts to serve. Throws what the system says: EADDRINUSE, EACCES. */
export async function listen({ host, port, tls, listener }: ListenOptions): Promise<Listening> {
  const server: Server = tls
    ? createHttpsServer({ ...LIMITS, ...tlsOptions(tls), handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }, listener)
    : createHttpServer(LIMITS, listener);
  server.on('clientError', refuseUnparsable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return { address: server.address() as AddressInfo, drain: (drainMs) => drain(server, drainMs) };
}

async function drain(server: Server, drainMs: number): Promise<boolean> {
  const closed = new Promise<void>((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
  // A connection becomes idle when its last answer is sent.
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  let finished = true;
  const deadline = setTimeout(() => {
    finished = false;
    server.closeAllConnections();
  }, drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
  return finished;
}

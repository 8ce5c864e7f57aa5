import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createConnection, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { TlsIdentity } from '../certificates/tlsIdentity.ts';
import { listenOn, type ListenAddress } from '../listenOn.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { failure, ok, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

const ANSWER_MS = 3_000;
// Version 2 with the command LOCAL, as a load balancer's health check sends it. It needs no VPC endpoint id.
const PROXY_HEADER = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

/**
 * Checks whether each port is free, or is held by a proxy with this configuration. Such a proxy presents the configured
 * certificate, or gives an answer that only this program gives.
 */
export async function* checkPorts({ config }: LoadedContext): AsyncGenerator<Finding> {
  const { server, monitoring } = config;
  const { tls, proxyProtocol } = server;
  const header = proxyProtocol.enabled ? PROXY_HEADER : Buffer.alloc(0);
  yield await judge('server', server, (address) =>
    tls ? showsCertificate(address, tls, header) : answers(address, '/', header, /^\{"errorName":"/),
  );
  if (!monitoring) return;
  yield await judge('monitoring', monitoring, (address) => answers(address, '/livez', header, /^(alive|not alive)$/m));
}

async function judge(
  listener: 'server' | 'monitoring',
  { host, port }: ListenAddress,
  isOurs: (address: ListenAddress) => Promise<boolean>,
): Promise<Finding> {
  const check = `port of ${listener}`;
  if (port === 0) return ok(check, 'the system chooses a free port');
  const trial = createServer();
  try {
    await listenOn(trial, { host, port }, () => undefined);
    return ok(check, `${host} port ${port} is free`);
  } catch (error) {
    const { message } = new ListenFailure({ host, port }, error, listener);
    const isInUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const asked = isInUse && withTimeLimit(isOurs({ host: reachable(host), port }), ANSWER_MS, () => false);
    if (await Promise.resolve(asked).catch(() => false)) return ok(check, `${host} port ${port} is held by this proxy`);
    const [problem = message, advice] = message.split('; ');
    return failure(check, problem, advice);
  } finally {
    trial.close();
  }
}

/** Replaces the wildcard address, to which no client can connect, with the loopback address. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Connects for a limited time. A connection to a silent program would otherwise keep the process from ending. */
function connectTo(address: ListenAddress): Socket {
  return createConnection({ ...address, signal: AbortSignal.timeout(ANSWER_MS) }).on('error', () => undefined);
}

async function showsCertificate(
  address: ListenAddress,
  { certificate }: TlsIdentity,
  header: Uint8Array,
): Promise<boolean> {
  const socket = connectTo(address);
  try {
    socket.write(header);
    // Only the presented certificate matters here. Another check judges whether clients trust it.
    const secure = connect({ socket, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    const expected = new X509Certificate(certificate).fingerprint256;
    return secure.getPeerX509Certificate()?.fingerprint256 === expected;
  } finally {
    socket.destroy();
  }
}

async function answers(address: ListenAddress, path: string, header: Uint8Array, expected: RegExp): Promise<boolean> {
  const socket = connectTo(address);
  try {
    socket.write(header);
    const request = get({ path, createConnection: () => socket });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return expected.test(await text(response));
  } finally {
    socket.destroy();
  }
}

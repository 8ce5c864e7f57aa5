import { randomBytes } from 'node:crypto';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import type { ClientAuth, TlsIdentity } from '../../src/certificates/tlsIdentity.ts';
import type { Client } from '../../src/http/exchange.ts';
import { Secret } from '../../src/secret.ts';
import { listen, type Listening, type ListenOptions } from '../../src/server/listen.ts';
import type { Refusal } from '../../src/server/refusal.ts';
import { onTestFinished } from 'vitest';
import { testCertificates } from './certificates.ts';

export const REQUEST = 'GET /who HTTP/1.1\r\nHost: xks.example.com\r\n\r\n';

export interface ListeningServer extends Listening {
  readonly port: number;
  readonly refusals: readonly Refusal[];
  /** The client of each request. */
  readonly clients: readonly Client[];
}

/** A server in this process until the test has finished, with TLS by default. It answers with the request's client. */
export async function startServer(options: Partial<ListenOptions> = {}): Promise<ListeningServer> {
  const refusals: Refusal[] = [];
  const clients: Client[] = [];
  const listening = await listen({
    source: { host: '127.0.0.1', port: 0 },
    tls: identity(),
    ticketKeys: randomBytes(48),
    proxyProtocol: { enabled: false, vpcEndpointIds: [] },
    listener: (clientOf) => (req, res) => {
      clients.push(clientOf(req));
      const body = JSON.stringify(clientOf(req));
      req.resume();
      res.writeHead(200, { 'Content-Length': Buffer.byteLength(body) }).end(body);
    },
    onRefused: (refusal) => refusals.push(refusal),
    ...options,
  });
  onTestFinished(async () => {
    await listening.drain(0);
  });
  return { ...listening, port: listening.address?.port ?? NaN, refusals, clients };
}

export function identity(server: KeyPair = testCertificates.server, clientAuth?: ClientAuth): TlsIdentity {
  return { certificate: server.certificate, privateKey: new Secret(server.privateKey), clientAuth };
}

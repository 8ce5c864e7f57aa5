import type { ServerOptions } from 'node:https';
import type { Target } from '../../src/xksClient/target.ts';
import { testCertificates } from '../support/certificates.ts';

const { ca, server, client } = testCertificates;

/** Options of a TLS server for localhost. */
export const SERVER_TLS: ServerOptions = { cert: server.certificate, key: server.privateKey };

/** Options of a TLS server that requires a client certificate. */
export const MUTUAL_TLS: ServerOptions = {
  ...SERVER_TLS,
  ca: ca.certificate,
  requestCert: true,
  rejectUnauthorized: true,
};

export const CLIENT_CERTIFICATE = { cert: client.certificate, key: client.privateKey };

/** Makes the suite trust the test authority, and present a client certificate if one is given. */
export function overTls({ endpoint, ...target }: Target, tls: Partial<Target['endpoint']['tls']> = {}): Target {
  return { ...target, endpoint: { ...endpoint, tls: { ...endpoint.tls, ca: ca.certificate, ...tls } } };
}

import { constants, createHash } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TlsIdentity } from './tlsIdentity.ts';

// Spec, "API content type".
export const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

/**
 * Options of a server for TLS 1.2 and 1.3, with only the cipher suites of the specification.
 *
 * `ticketKeys` are 48 bytes that encrypt session tickets. Processes with the same ticket keys can resume each other's sessions.
 */
export function tlsOptions({ certificate, privateKey, clientAuth }: TlsIdentity, ticketKeys: Buffer): TlsOptions {
  return {
    cert: certificate,
    key: privateKey.reveal(),
    ca: clientAuth?.ca,
    requestCert: clientAuth !== undefined,
    // admitCertificate refuses clients instead, because it can log which client it refused.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // Renegotiation could replace the certificate of a client that has been admitted.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ticketKeys,
    // OpenSSL resumes only sessions of the same context. Old tickets become useless when the admitted clients change.
    sessionIdContext: createHash('sha256')
      .update(JSON.stringify(clientAuth ?? null))
      .digest('hex')
      .slice(0, 32),
  };
}

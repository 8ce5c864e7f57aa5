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
 * TLS 1.2 and 1.3 with the cipher suites of the specification only.
 *
 * `ticketKeys`: 48 bytes that seal session tickets; processes that share a port resume each other's sessions if they share them.
 */
export function tlsOptions({ certificate, privateKey, clientAuth }: TlsIdentity, ticketKeys: Buffer): TlsOptions {
  return {
    cert: certificate,
    key: privateKey.reveal(),
    ca: clientAuth?.ca,
    requestCert: clientAuth !== undefined,
    // admitCertificate refuses, and can say whom.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // A client is who it was when it was admitted.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ticketKeys,
    // OpenSSL resumes no session of another context: tickets are worth nothing after a change of who is admitted.
    sessionIdContext: createHash('sha256')
      .update(JSON.stringify(clientAuth ?? null))
      .digest('hex')
      .slice(0, 32),
  };
}

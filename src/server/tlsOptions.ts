import type { SecureContextOptions } from 'node:tls';
import type { TlsIdentity } from '../config/configSource.ts';

/** TLS 1.2 and 1.3 with the cipher suites of the specification only. Spec, "API content type". */
export function tlsOptions({ certificate, privateKey }: TlsIdentity): SecureContextOptions {
  return {
    cert: certificate,
    key: privateKey.reveal(),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: [
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
    ].join(':'),
    honorCipherOrder: true,
  };
}

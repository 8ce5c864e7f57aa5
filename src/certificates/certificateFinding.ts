import type { Finding } from '../finding.ts';

export interface CertificateFinding extends Finding {
  readonly check:
    | 'certificate'
    | 'certificate key'
    | 'certificate chain'
    | 'certificate name'
    | 'certificate authority'
    | 'TLS handshake'
    | 'client CA';
}

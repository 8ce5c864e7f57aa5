import type { Client } from '../http/exchange.ts';
import type { CertificateNames } from './admitCertificate.ts';

/** A connection that ended without a request, or that was not let in. */
export interface Refusal extends Client, CertificateNames {
  /** A sentence's part, or the code of an error of Node or OpenSSL. */
  readonly reason: string;
  /** Such as a health check of a load balancer, every few seconds. */
  readonly routine: boolean;
}

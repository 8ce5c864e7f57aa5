import type { Client } from '../http/exchange.ts';
import type { CertificateNames } from './admitCertificate.ts';

/** A connection that ended without a request, or that was not let in; or a request that was not worked on. */
export interface Refusal extends Client, CertificateNames {
  /** A sentence's part, or the code of an error of Node or OpenSSL. */
  readonly reason: string;
  /** Such as a health check of a load balancer, every few seconds. */
  readonly routine: boolean;
}

/** The refusal of a connection that the system could not accept, such as for lack of file descriptors. */
export function notAccepted({ code, message }: NodeJS.ErrnoException): Refusal {
  return { remoteAddress: undefined, reason: code ?? message, routine: false };
}

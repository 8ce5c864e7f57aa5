import type { Client } from '../http/exchange.ts';
import type { CertificateNames } from './admitCertificate.ts';

/** A connection that ended without a request or was not let in, or a request that was not processed. */
export interface Refusal extends Client, CertificateNames {
  /** Part of a sentence, or the error code of Node or OpenSSL. */
  readonly reason: string;
  /** Whether it is expected, such as a load balancer's health check every few seconds. */
  readonly routine: boolean;
}

/** Makes the refusal of a connection that the system could not accept, for example for lack of file descriptors. */
export function notAccepted({ code, message }: NodeJS.ErrnoException): Refusal {
  return { remoteAddress: undefined, reason: code ?? message, routine: false };
}

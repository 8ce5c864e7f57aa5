import type { TLSSocket } from 'node:tls';
import { commonNamesOf } from '../certificates/commonNames.ts';
import type { ClientAuth } from '../certificates/tlsIdentity.ts';

/** Names in a client certificate, each cut at 256 characters, since any client can choose them. */
export interface CertificateNames {
  readonly commonName?: string;
  readonly issuer?: string;
}

export type Admission =
  | { readonly admitted: true; readonly commonName: string }
  | { readonly admitted: false; readonly reason: string; readonly names: CertificateNames };

const MAX_NAME_CHARACTERS = 256;

/**
 * Judges the client of a finished handshake. OpenSSL has verified the chain, dates and purpose of its certificate. For a resumed
 * session, OpenSSL only repeats its first verdict. So this function checks the dates again, and it always checks the name.
 */
export function admitCertificate(socket: TLSSocket, clientAuth: ClientAuth, now = new Date()): Admission {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return refused('no client certificate');
  const commonNames = commonNamesOf(certificate);
  const [commonName] = commonNames;
  const names = {
    commonName: cut(commonNames.join(', ')),
    issuer: cut(certificate.issuer.replaceAll('\n', ', ')),
  };
  if (!socket.authorized) return refused(`client certificate: ${String(socket.authorizationError)}`, names);
  if (now < certificate.validFromDate || now > certificate.validToDate)
    return refused('client certificate: not valid now', names);
  if (commonName === undefined || commonNames.length > 1)
    return refused('client certificate: not exactly one CN', names);
  if (!clientAuth.commonNames.includes(commonName)) return refused('client certificate: another CN', names);
  return { admitted: true, commonName };
}

function refused(reason: string, names: CertificateNames = {}): Admission {
  return { admitted: false, reason, names };
}

function cut(name: string): string {
  return name.slice(0, MAX_NAME_CHARACTERS);
}

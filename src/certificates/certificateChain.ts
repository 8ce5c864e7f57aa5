import type { X509Certificate } from 'node:crypto';
import { isUnderTrustedAuthority } from './trustedAuthorities.ts';

export interface CertificateChain {
  /** Certificates from the first one upwards, each issued by the next. */
  readonly path: readonly [X509Certificate, ...X509Certificate[]];
  /** Whether the path reaches a self-signed certificate, or one issued by an authority that AWS KMS trusts. */
  readonly isComplete: boolean;
  /** Certificates that are not in the path. */
  readonly strangers: readonly X509Certificate[];
  readonly isInOrder: boolean;
}

/** Builds the path from the first certificate to its root. The others may be in any order. */
export function certificateChain(leaf: X509Certificate, others: readonly X509Certificate[]): CertificateChain {
  const path: [X509Certificate, ...X509Certificate[]] = [leaf];
  const left = others.filter(({ fingerprint256 }) => fingerprint256 !== leaf.fingerprint256);
  for (let top = leaf; !isSelfSigned(top);) {
    const index = left.findIndex((candidate) => isIssuedBy(top, candidate));
    const [issuer] = index < 0 ? [] : left.splice(index, 1);
    if (!issuer) break;
    path.push(issuer);
    top = issuer;
  }
  return {
    path,
    isComplete: path.some((certificate) => isSelfSigned(certificate) || isUnderTrustedAuthority(certificate)),
    strangers: left,
    isInOrder: path.slice(1).every((certificate, index) => certificate === others[index]),
  };
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** Returns the subject of a certificate on one line. */
export function nameOf({ subject }: X509Certificate): string {
  return oneLine(subject);
}

/** Formats a distinguished name on one line. */
export function oneLine(name: string): string {
  return name === '' ? '(no name)' : name.replaceAll('\n', ', ');
}

/** Whether this issuer has signed a certificate. False if OpenSSL cannot read the issuer's key. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    // Not checkIssued, which also requires an issuer to be an authority. Other checks judge whether it may issue.
    return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

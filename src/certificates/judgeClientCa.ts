import type { X509Certificate } from 'node:crypto';
import { certificateChain, isSelfSigned, nameOf } from './certificateChain.ts';
import { commonNamesOf } from './commonNames.ts';
import type { CertificateFinding } from './certificateFinding.ts';
import { readExtensions } from './extensions.ts';
import { judgeDates } from './judgeDates.ts';
import { publicKeyOf } from './judgeKey.ts';
import { readPemBundle } from './readPemBundle.ts';
import type { ClientAuth } from './tlsIdentity.ts';

const check = 'client CA';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ADVICE = 'Give the self-signed root certificates of the authorities that issue the client certificates.';

/** Judges whether the certificates of `clientAuth.ca` can admit clients. A failure means that none of them can. */
export function judgeClientCa({ ca, commonNames }: ClientAuth, now: Date): readonly CertificateFinding[] {
  const certificates = readPemBundle(ca);
  const judged = certificates.map((certificate) => ({
    root: isSelfSigned(certificate),
    certificate,
    fault: roleFault(certificate, certificates, commonNames) ?? keyFault(certificate) ?? dateFault(certificate, now),
  }));
  const faults = judged.flatMap(({ fault }) => fault ?? []);
  const roots = judged.filter(({ root, fault }) => root && fault === undefined).map(({ certificate }) => certificate);
  if (roots.length === 0) {
    return [{ check, level: 'failure', message: `No client can be admitted: ${faults.join(' ')}`, advice: ADVICE }];
  }
  return [
    ...roots.map((root) => judgeDates(check, root, now)),
    ...roots.filter((root) => !isAuthority(root)).map(pinned),
    ...faults.map((message) => ({ check, level: 'warning', message, advice: ADVICE }) as const),
  ];
}

function roleFault(
  certificate: X509Certificate,
  bundle: readonly X509Certificate[],
  commonNames: readonly string[],
): string | undefined {
  const name = nameOf(certificate);
  // OpenSSL accepts a trusted self-signed certificate from a client even if it is not an authority.
  const isPinned = isSelfSigned(certificate) && commonNamesOf(certificate).some((each) => commonNames.includes(each));
  if (!isAuthority(certificate) && !isPinned) return `${name} is not a certificate authority (CA:FALSE).`;
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  if (purposes && !purposes.includes(CLIENT_AUTH)) return `${name} is not for TLS clients (extendedKeyUsage).`;
  const { path } = certificateChain(certificate, bundle);
  return path.some(isSelfSigned) ? undefined : `${name} is an intermediate whose root is not in the file.`;
}

function isAuthority(certificate: X509Certificate): boolean {
  const { version, keyUsage, hasBasicConstraints } = readExtensions(certificate);
  if (certificate.ca || hasBasicConstraints) return certificate.ca;
  // OpenSSL uses the same rule.
  return keyUsage ? keyUsage.keyCertSign : version === 1 && isSelfSigned(certificate);
}

/** Describes a key below the 112 bits of OpenSSL's security level 2: RSA of 2048 bits, or a curve of 224 bits. */
function keyFault(certificate: X509Certificate): string | undefined {
  const key = publicKeyOf(certificate);
  if (!key) return `${nameOf(certificate)} has a key of an unknown kind.`;
  const { modulusLength = Infinity, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const curveBits = Number(/\d{3}/.exec(namedCurve)?.[0] ?? Infinity);
  return modulusLength < 2048 || curveBits < 224 ? `${nameOf(certificate)} has a key that is too small.` : undefined;
}

function dateFault(certificate: X509Certificate, now: Date): string | undefined {
  const { level, message } = judgeDates(check, certificate, now);
  return level === 'failure' ? message : undefined;
}

function pinned(certificate: X509Certificate): CertificateFinding {
  const message = `${nameOf(certificate)} is not a certificate authority: it admits only the client that has its key.`;
  return { check, level: 'warning', message, advice: ADVICE };
}

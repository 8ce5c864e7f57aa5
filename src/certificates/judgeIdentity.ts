import type { X509Certificate } from 'node:crypto';
import { certificateChain, nameOf, oneLine, type CertificateChain } from './certificateChain.ts';
import type { CertificateFinding } from './certificateFinding.ts';
import { judgeClientCa } from './judgeClientCa.ts';
import { judgeDates } from './judgeDates.ts';
import { judgeKey } from './judgeKey.ts';
import { readPemBundle } from './readPemBundle.ts';
import { shakeHands } from './shakeHands.ts';
import type { TlsIdentity } from './tlsIdentity.ts';

/**
 * Judges whether clients can connect with TLS, and until when. A failure means that no client can connect, or that none can
 * be admitted. Makes handshakes in memory, without a port.
 */
export async function judgeIdentity(identity: TlsIdentity, now: Date): Promise<readonly CertificateFinding[]> {
  const [leaf, ...others] = readPemBundle(identity.certificate);
  if (!leaf) return [];
  const chain = certificateChain(leaf, others);
  const key = judgeKey(leaf);
  return [
    judgeDates('certificate', leaf, now),
    key,
    ...judgeChain(chain, now),
    // If the key cannot be used, its own finding explains more than OpenSSL's error of the handshake.
    ...(key.level === 'failure' ? [] : [await judgeHandshakes(identity, anchorOf(chain))]),
    ...(identity.clientAuth ? judgeClientCa(identity.clientAuth, now) : []),
  ];
}

function judgeChain({ path, isComplete, isInOrder, strangers }: CertificateChain, now: Date): CertificateFinding[] {
  const check = 'certificate chain';
  const top = path.at(-1) ?? path[0];
  const warnings = path
    .slice(1)
    .flatMap((certificate) => {
      const dates = judgeDates(check, certificate, now);
      const key = judgeKey(certificate);
      if (key.level !== 'failure') return [dates];
      return [dates, { ...key, check, message: `${nameOf(certificate)}: ${key.message}` } as const];
    })
    .filter(({ level }) => level !== 'ok')
    // Only a warning, because clients that know another path to the root do not need this certificate.
    .map((finding) => ({ ...finding, level: 'warning' as const }));
  const warn = (message: string, advice: string): void => {
    warnings.push({ check, level: 'warning', message, advice });
  };
  if (!isComplete) {
    warn(
      `The chain ends with ${nameOf(top)}, and its issuer ${oneLine(top.issuer)} is neither in the file nor an authority that AWS KMS trusts.`,
      "Append the authority's intermediate certificates to certificateFile. Append a private root too, unless clients have it.",
    );
  }
  if (!isInOrder && path.length > 1) {
    warn(
      'The certificates of the chain are not in order.',
      `Write each before its issuer: ${path.map(nameOf).join('; ')}.`,
    );
  }
  for (const certificate of strangers) {
    warn(`${nameOf(certificate)} issued no certificate of the chain.`, 'Remove it from certificateFile.');
  }
  if (warnings.length > 0) return warnings;
  return [{ check, level: 'ok', message: `${path.length} certificates, up to ${oneLine(top.issuer)}.` }];
}

const WRONG_PURPOSE =
  'the certificate is not for TLS servers, or its issuer is no authority (extendedKeyUsage, basicConstraints, keyUsage)';
const WORDS: Readonly<Record<string, string>> = {
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key is too small',
  ERR_SSL_CA_KEY_TOO_SMALL: "an intermediate's key is too small",
  ERR_SSL_CA_MD_TOO_WEAK: 'a certificate is signed with a hash that is too weak, such as SHA-1',
  ERR_SSL_NO_SHARED_CIPHER: 'KMS has no cipher suite for this key, or its keyUsage lacks digitalSignature',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'KMS has no signature algorithm for this key',
  INVALID_PURPOSE: WRONG_PURPOSE,
  INVALID_CA: WRONG_PURPOSE,
  // Node has no name for a missing keyCertSign, among others.
  UNSPECIFIED: WRONG_PURPOSE,
  PATH_LENGTH_EXCEEDED: 'the chain is longer than an intermediate allows (pathlen)',
};
// judgeDates already reports these for each certificate, with the dates.
const DATES = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

function anchorOf({ path, strangers }: CertificateChain): X509Certificate | undefined {
  return [...path, ...strangers].some((certificate) => judgeKey(certificate).level === 'failure')
    ? undefined
    : path.at(-1);
}

async function judgeHandshakes(
  identity: TlsIdentity,
  anchor: X509Certificate | undefined,
): Promise<CertificateFinding> {
  const check = 'TLS handshake';
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const handshake = await shakeHands(identity, { version, anchor });
    const reason = handshake.done ? handshake.untrusted : handshake.reason;
    if (reason === undefined || DATES.includes(reason)) continue;
    return {
      check,
      level: 'failure',
      message: `A ${version} handshake of the proxy with itself fails: ${WORDS[reason] ?? 'OpenSSL refuses it'} (${reason}).`,
      advice: 'Get a certificate for TLS servers, with an RSA key of 2048 bits or an ECDSA key on P-256.',
    };
  }
  return { check, level: 'ok', message: 'TLS 1.2 and 1.3 handshakes of the proxy with itself work.' };
}

import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFinding } from './certificateFinding.ts';

const check = 'certificate key';
const USABLE = 'Use an ECDSA key on P-256 or P-384, or an RSA key of 2048 to 4096 bits.';
const CURVES = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
]);

/** Judges whether KMS can use the key of a certificate. */
export function judgeKey(certificate: X509Certificate): CertificateFinding {
  const key = publicKeyOf(certificate);
  const { modulusLength: bits = 0, namedCurve = 'a curve without a name' } = key?.asymmetricKeyDetails ?? {};
  if (key?.asymmetricKeyType === 'rsa') {
    if (bits < 2048) return finding('failure', `An RSA key of ${bits} bits is too weak for TLS.`);
    if (bits <= 4096) return finding('ok', `RSA key of ${bits} bits.`);
    return finding(
      'warning',
      `An RSA key of ${bits} bits is slow, and KMS waits only 250 ms for handshake and answer.`,
    );
  }
  if (key?.asymmetricKeyType === 'ec') {
    const curve = CURVES.get(namedCurve);
    if (curve !== undefined) return finding('ok', `ECDSA key on ${curve}.`);
    if (namedCurve === 'secp521r1') return finding('warning', 'AWS does not say that KMS can use keys on P-521.');
    return finding('failure', `KMS cannot use a key on ${namedCurve}.`);
  }
  // Spec, "API content type": the cipher suites of TLS 1.2 are for RSA and ECDSA.
  return finding('failure', `KMS cannot use a key of type ${key?.asymmetricKeyType ?? 'unknown'}.`);
}

function finding(level: CertificateFinding['level'], message: string): CertificateFinding {
  return level === 'ok' ? { check, level, message } : { check, level, message, advice: USABLE };
}

/** Public key of a certificate. Undefined if OpenSSL cannot read it. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

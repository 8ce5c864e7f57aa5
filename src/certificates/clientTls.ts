import type { X509Certificate } from 'node:crypto';
import { publicKeyOf } from './judgeKey.ts';
import { readPemBundle, writePemBundle } from './readPemBundle.ts';

/**
 * The signature algorithms that clients offer: those of today's TLS clients, without Ed25519 and other curves. AWS does not publish
 * the list of KMS. Node.js (24.21) crashes when a client trusts a server whose key is on a curve without a NIST name, such as
 * brainpoolP256r1, so no client may offer one.
 */
export const SIGNATURE_ALGORITHMS = [
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
  ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
].join(':');

const NIST_CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Reads the certificate authorities that a client trusts. Throws an Error if the text is not PEM, or if an authority's key would
 * crash Node.js.
 */
export function readTrustedAuthorities(pem: string): string {
  const certificates = readPemBundle(pem);
  for (const [index, certificate] of certificates.entries()) {
    const curve = unusualCurve(certificate);
    if (curve !== undefined) {
      throw new Error(
        `certificate ${index + 1} has a key on ${curve}, which Node.js cannot trust: use P-256, P-384 or RSA`,
      );
    }
  }
  return writePemBundle(certificates);
}

function unusualCurve(certificate: X509Certificate): string | undefined {
  const key = publicKeyOf(certificate);
  if (key?.asymmetricKeyType !== 'ec') return undefined;
  const { namedCurve = 'a curve without a name' } = key.asymmetricKeyDetails ?? {};
  return NIST_CURVES.has(namedCurve) ? undefined : namedCurve;
}

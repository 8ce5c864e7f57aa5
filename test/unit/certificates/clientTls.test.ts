import { describe, expect, it } from 'vitest';
import { readTrustedAuthorities } from '../../../src/certificates/clientTls.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

const curve = (name: string) => `ec -pkeyopt ec_paramgen_curve:${name}`;

describe('readTrustedAuthorities', () => {
  it.each(['rsa:2048', curve('P-256'), curve('P-384'), curve('P-521')])('accepts a key of %s', (newKey) => {
    const { certificate } = opensslCertificate({ newKey });
    expect(readTrustedAuthorities(certificate)).toBe(certificate);
  });

  it.each(['brainpoolP256r1', 'brainpoolP512r1', 'secp256k1'])('refuses a key on %s, which crashes Node.js', (name) => {
    const usual = opensslCertificate({});
    const { certificate } = opensslCertificate({ newKey: curve(name) });
    expect(() => readTrustedAuthorities(usual.certificate + certificate)).toThrow(
      `certificate 2 has a key on ${name}, which Node.js cannot trust: use P-256, P-384 or RSA`,
    );
  });
});

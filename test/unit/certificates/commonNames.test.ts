import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { issueClientCertificate } from '../../../certs/issueCertificate.ts';
import { commonNamesOf } from '../../../src/certificates/commonNames.ts';
import { testCertificates } from '../../support/certificates.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

it.each([[['a.example']], [['a, b = c + "d" \\ #']], [['a\0b\nCN=c']], [['Prüfstelle']], [['one', 'two']], [[]]])(
  'the common names %j are found',
  (commonName) => {
    const { certificate } = issueClientCertificate(testCertificates.ca, { commonName });
    expect(commonNamesOf(new X509Certificate(certificate))).toEqual(commonName);
  },
);

it('common names are read as UTF-8', () => {
  const { certificate } = opensslCertificate({ commonName: 'Prüfstelle' });
  expect(commonNamesOf(new X509Certificate(certificate))).toEqual(['Prüfstelle']);
});

it.each(['brainpoolP256r1', 'secp256k1', 'P-256'])(
  'common names of a certificate with a key on %s are read',
  (curve) => {
    const { certificate } = opensslCertificate({ newKey: `ec -pkeyopt ec_paramgen_curve:${curve}`, commonName: 'a' });
    expect(commonNamesOf(new X509Certificate(certificate))).toEqual(['a']);
  },
);

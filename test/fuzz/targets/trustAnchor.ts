import assert from 'node:assert/strict';
import forge from 'node-forge';
import { judgeCertificates } from '../../../src/kms/clusters/certificates/judgeCertificates.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { testCertificates, withUnreadableKey } from '../../support/certificates.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const signedCert = testCertificates.server.certificate;
const trustAnchor = testCertificates.ca.certificate;

/** The request that `signedCert` may answer. Made from its key, because a new key takes a second. */
function makeCsr(): string {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.certificateFromPem(signedCert).publicKey;
  request.sign(forge.pki.privateKeyFromPem(testCertificates.server.privateKey), forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(request);
}

const csr = makeCsr();
judgeCertificates(csr, signedCert, trustAnchor);

/**
 * The certificates that InitializeCluster of the local CloudHSM takes: a cluster's certificate and its trust anchor.
 */
export const target: FuzzTarget = {
  maxBytes: 5_000,
  seeds: [
    signedCert,
    trustAnchor,
    testCertificates.client.certificate,
    `${trustAnchor}${trustAnchor}`,
    withUnreadableKey(trustAnchor),
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  ],
  words: ['-----BEGIN CERTIFICATE-----\n', '-----END CERTIFICATE-----\n', '\r\n'],
  check: (input) => {
    const text = input.toString('latin1');
    for (const [cluster, anchor] of [
      [text, trustAnchor],
      [signedCert, text],
      [text, text],
    ] as const) {
      try {
        judgeCertificates(csr, cluster, anchor);
        assert.ok(cluster !== anchor);
      } catch (error) {
        if (!(error instanceof KmsError)) throw error;
        assert.equal(error.errorName, 'CloudHsmInvalidRequestException');
        assert.ok(error.message.length < 500);
      }
    }
  },
};

import assert from 'node:assert/strict';
import { makeClusterCsr } from '../../../src/kms/clusters/certificates/clusterCsr.ts';
import { issueClusterCertificates } from '../../../src/kms/clusters/certificates/issueCluster.ts';
import { judgeCertificates } from '../../../src/kms/clusters/certificates/judgeCertificates.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { testCertificates } from '../../support/certificates.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const csr = await makeClusterCsr('HSM of cluster-abcdefghij2');
const { signedCert, trustAnchor } = await issueClusterCertificates(csr);

/** What InitializeCluster of the local CloudHSM is given: the certificate of a cluster, or its trust anchor. */
export const target: FuzzTarget = {
  maxBytes: 5_000,
  seeds: [
    signedCert,
    trustAnchor,
    testCertificates.ca.certificate,
    `${trustAnchor}${trustAnchor}`,
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

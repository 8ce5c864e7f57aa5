import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { certificateChain } from '../../../src/certificates/certificateChain.ts';
import { commonNamesOf } from '../../../src/certificates/commonNames.ts';
import { derChildren, derValues } from '../../../src/certificates/der.ts';
import { readExtensions } from '../../../src/certificates/extensions.ts';
import { judgeClientCa } from '../../../src/certificates/judgeClientCa.ts';
import { judgeKey } from '../../../src/certificates/judgeKey.ts';
import { writePemBundle } from '../../../src/certificates/readPemBundle.ts';
import { isAmazonRoot, isUnderTrustedAuthority } from '../../../src/certificates/trustedAuthorities.ts';
import type { KeyPair } from '../../../certs/issueCertificate.ts';
import { testCertificates } from '../../support/certificates.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';

const authority = new X509Certificate(testCertificates.ca.certificate);
const NOW = new Date();
const certificates = Object.values(testCertificates).map(
  ({ certificate }: KeyPair) => new X509Certificate(certificate).raw,
);
// Found by fuzzing: OpenSSL accepts a subjectKeyIdentifier that is not DER.
const malformed = authority.raw.toString('hex').replace('551d0e04160414', '551d0e041604ff');

/** A DER certificate of a client or a file. The proxy can judge every certificate that OpenSSL reads. */
export const target: FuzzTarget = {
  maxBytes: 8_192,
  seeds: [...certificates, Buffer.from(malformed, 'hex')],
  words: ['\x30\x82', '\x06\x03\x55\x1d\x0f', '\x06\x03\x55\x1d\x13', '\x06\x03\x55\x04\x03', '\xa3\x82', '\x1e\x04'],
  check: (input) => {
    unlessRefused(RangeError, () => derValues(input));
    unlessRefused(RangeError, () => derChildren(input));
    const certificate = opensslReads(input);
    if (!certificate) return;
    readExtensions(certificate);
    isUnderTrustedAuthority(certificate);
    isAmazonRoot(certificate);
    judgeKey(certificate);
    certificateChain(certificate, [authority]);
    certificateChain(authority, [certificate]);
    checkCommonNames(certificate);
    // As in a configuration's file, where the certificate must be DER.
    if (certificate.raw.equals(input)) {
      const commonNames = ['cks.kms.us-east-1.amazonaws.com'];
      const findings = judgeClientCa({ ca: writePemBundle([certificate]), commonNames }, NOW);
      assert.ok(findings.length > 0);
    }
  },
};

function opensslReads(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** Compares with the names that Node shows, if these need no escapes. */
function checkCommonNames(certificate: X509Certificate): void {
  const subject = certificate.subject as string | undefined;
  const names = commonNamesOf(certificate);
  if (subject === undefined || !/^(?:[A-Za-z]+=[\w .-]+(?:\n|$))+$/.test(subject)) return;
  const shown = subject.split('\n').flatMap((line) => /^CN=(.*)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(names, shown);
}

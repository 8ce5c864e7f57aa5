import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { readPemBundle, writePemBundle } from '../../../src/certificates/readPemBundle.ts';
import { readPrivateKey, writePrivateKey } from '../../../src/certificates/readPrivateKey.ts';
import { testCertificates } from '../../support/certificates.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const { ca, server } = testCertificates;
const REFUSAL = /^(?:lines? \d+|holds )/;

/** PEM certificates and a PEM private key. No message may quote the text, because it may hold a key. */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: [
    ca.certificate,
    `subject: CN=x\n${server.certificate}\r\n${ca.certificate}`,
    server.privateKey,
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n',
    '\u2014BEGIN CERTIFICATE',
    // Found: they took seconds, and the label made a long message.
    `-----BEGIN CERTIFICATE-----\n${' '.repeat(60_000)}x`,
    `-----${'xBEGIN '.repeat(9_000)}`,
    `-----BEGIN ${'A'.repeat(400)}-----`,
  ],
  words: [
    '-----BEGIN CERTIFICATE-----\n',
    '-----END CERTIFICATE-----\n',
    '-----BEGIN PRIVATE KEY-----\n',
    'BEGIN ',
    'END ',
    '-----',
    'Proc-Type: 4,ENCRYPTED',
    ' \t ',
  ],
  check: (input) => {
    const text = input.toString();
    const certificates = refusedOr(() => readPemBundle(text));
    if (certificates) {
      assert.ok(certificates.length > 0);
      const again = readPemBundle(writePemBundle(certificates));
      assert.deepEqual(again.map(rawOf), certificates.map(rawOf));
    }
    const key = refusedOr(() => readPrivateKey(text));
    if (key) assert.ok(readPrivateKey(writePrivateKey(key)).equals(key));
  },
};

function rawOf({ raw }: X509Certificate): string {
  return raw.toString('hex');
}

function refusedOr<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (error) {
    assert.match((error as Error).message, REFUSAL);
    assert.ok((error as Error).message.length < 300);
    return undefined;
  }
}

import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
} from '../../certs/issueCertificate.ts';

export interface TestCertificates {
  readonly ca: KeyPair;
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: KeyPair;
  /** Its CN is cks.kms.us-east-1.amazonaws.com. */
  readonly client: KeyPair;
}

/** Made once per test process, for it takes a few tenths of a second. `writeKeyPair` of certs/generate.ts gives files. */
export const testCertificates: TestCertificates = makeCertificates();

function makeCertificates(): TestCertificates {
  const ca = createCertificateAuthority();
  return { ca, server: issueServerCertificate(ca), client: issueClientCertificate(ca) };
}

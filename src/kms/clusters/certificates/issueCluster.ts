import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { withLineFeeds } from './clusterCsr.ts';

/** The certificates that InitializeCluster takes, in PEM. */
export interface ClusterCertificates {
  readonly signedCert: string;
  readonly trustAnchor: string;
}

// AWS CloudHSM User Guide, "Initialize the cluster": 3652 days.
const TEN_YEARS_MS = 3652 * 86_400_000;

/** Signs the request of a cluster with a new authority. The authority's private key is used once and then dropped. */
export async function issueClusterCertificates(csr: string): Promise<ClusterCertificates> {
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const signingKey = forge.pki.privateKeyFromPem(keys.privateKey);
  const issuer = [
    { shortName: 'O', value: 'xks-proxy' },
    { shortName: 'CN', value: 'local customer CA' },
  ];
  const issue = (publicKey: forge.pki.PublicKey, subject: forge.pki.CertificateField[], cA: boolean): string => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey;
    // 127 bits, so that the number is positive and has the shortest form in DER.
    certificate.serialNumber = `5${randomBytes(16).toString('hex').slice(1)}`;
    certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
    certificate.validity.notAfter = new Date(Date.now() + TEN_YEARS_MS);
    certificate.setSubject(subject);
    certificate.setIssuer(issuer);
    certificate.setExtensions([{ name: 'basicConstraints', critical: true, cA }, { name: 'subjectKeyIdentifier' }]);
    certificate.sign(signingKey, forge.md.sha256.create());
    return withLineFeeds(forge.pki.certificateToPem(certificate));
  };
  const request = forge.pki.certificationRequestFromPem(csr);
  if (!request.publicKey) throw new Error('a certificate signing request has no public key');
  return {
    signedCert: issue(request.publicKey, request.subject.attributes, false),
    trustAnchor: issue(forge.pki.publicKeyFromPem(keys.publicKey), issuer, true),
  };
}

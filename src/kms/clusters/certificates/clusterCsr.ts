import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/**
 * Creates a certificate signing request for a new key of a cluster, in PEM, as the cluster's first HSM does. The private key is dropped,
 * because nothing uses it. AWS CloudHSM User Guide, "Initialize the cluster".
 */
export async function makeClusterCsr(hsmName: string): Promise<string> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(publicKey);
  request.setSubject([
    { shortName: 'C', value: 'US' },
    { shortName: 'ST', value: 'CA' },
    { shortName: 'O', value: 'xks-proxy' },
    { shortName: 'OU', value: 'local KMS' },
    { shortName: 'CN', value: hsmName },
  ]);
  request.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return withLineFeeds(forge.pki.certificationRequestToPem(request));
}

/** Returns the public key of a certificate signing request: SPKI, PEM. */
export function publicKeyOfCsr(csr: string): string {
  const { publicKey } = forge.pki.certificationRequestFromPem(csr);
  if (!publicKey) throw new Error('a certificate signing request has no public key');
  return forge.pki.publicKeyToPem(publicKey);
}

/** Removes the carriage returns that node-forge writes in PEM, because a client that reads the file as text would lose them. */
export function withLineFeeds(pem: string): string {
  return pem.replaceAll('\r\n', '\n');
}

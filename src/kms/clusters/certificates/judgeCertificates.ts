import { createPublicKey, type X509Certificate } from 'node:crypto';
import { isIssuedBy } from '../../../certificates/certificateChain.ts';
import { publicKeyOf } from '../../../certificates/judgeKey.ts';
import { readPemBundle } from '../../../certificates/readPemBundle.ts';
import { KmsError } from '../../kmsError.ts';
import { publicKeyOfCsr } from './clusterCsr.ts';

/**
 * Throws CloudHsmInvalidRequestException unless a cluster can be initialized with these certificates. The trust anchor must be self-signed
 * and must have signed the cluster certificate, and the cluster certificate must contain the key of the request. AWS CloudHSM User Guide,
 * "Initialize the cluster".
 */
export function judgeCertificates(csr: string, signedCert: string, trustAnchor: string): void {
  const cluster = readCertificate('SignedCert', signedCert);
  const anchor = readCertificate('TrustAnchor', trustAnchor);
  const key = publicKeyOf(cluster);
  if (!key || !createPublicKey(publicKeyOfCsr(csr)).equals(key)) {
    throw invalid('SignedCert must have the public key of the ClusterCsr: sign the ClusterCsr of this cluster.');
  }
  if (!isIssuedBy(anchor, anchor)) {
    throw invalid('TrustAnchor must be self-signed: the certificate of a root, not of an intermediate authority.');
  }
  if (!isIssuedBy(cluster, anchor)) {
    throw invalid('TrustAnchor must be the certificate of the authority that signed SignedCert.');
  }
}

function readCertificate(member: string, pem: string): X509Certificate {
  let certificates: readonly X509Certificate[];
  try {
    certificates = readPemBundle(pem);
  } catch (error) {
    throw invalid(`${member} must be a certificate in PEM: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const [certificate, ...others] = certificates;
  if (certificate && others.length === 0) return certificate;
  throw invalid(`${member} must be one certificate; it has ${certificates.length}.`);
}

function invalid(message: string): KmsError {
  return new KmsError('CloudHsmInvalidRequestException', message);
}

import type { KeyObject, X509Certificate } from 'node:crypto';
import { Secret } from '../secret.ts';
import { writePemBundle } from './readPemBundle.ts';
import { writePrivateKey } from './readPrivateKey.ts';
import type { TlsIdentity } from './tlsIdentity.ts';

/** Parsed contents of an identity's files. */
export interface IdentityParts {
  /** The server certificate comes first. */
  readonly certificates: readonly X509Certificate[];
  readonly privateKey: KeyObject;
  readonly clientAuth?:
    | { readonly ca: readonly X509Certificate[]; readonly commonNames: readonly string[] }
    | undefined;
}

/**
 * Makes an identity without judging it. OpenSSL gets the parsed certificates and key instead of the files, which it could read
 * differently. Throws an Error if the key does not belong to the first certificate. Its message continues a sentence that
 * begins with "the private key".
 */
export function makeIdentity({ certificates, privateKey, clientAuth }: IdentityParts): TlsIdentity {
  const index = certificates.findIndex((certificate) => certificate.checkPrivateKey(privateKey));
  if (index < 0) throw new Error('is not the private key of the first certificate in certificateFile');
  if (index > 0) {
    throw new Error(`is the private key of certificate ${index + 1} in certificateFile; write that certificate first`);
  }
  return {
    certificate: writePemBundle(certificates),
    privateKey: new Secret(writePrivateKey(privateKey)),
    clientAuth: clientAuth && { ca: writePemBundle(clientAuth.ca), commonNames: clientAuth.commonNames },
  };
}

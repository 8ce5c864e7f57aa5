import type { KeyObject, X509Certificate } from 'node:crypto';
import { Secret } from '../secret.ts';
import { writePemBundle } from './readPemBundle.ts';
import { writePrivateKey } from './readPrivateKey.ts';
import type { TlsIdentity } from './tlsIdentity.ts';

/** What was read of the files of an identity. */
export interface IdentityParts {
  /** The server certificate first. */
  readonly certificates: readonly X509Certificate[];
  readonly privateKey: KeyObject;
  readonly clientAuth?:
    { readonly ca: readonly X509Certificate[]; readonly commonNames: readonly string[] } | undefined;
}

/**
 * Makes an identity without judging it. OpenSSL is given what was read, not the files, so that it cannot read them otherwise.
 * Throws an Error if the key is not that of the first certificate; its message reads on from "the private key".
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

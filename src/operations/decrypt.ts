import type { KeyManager } from '../hsm/keyManager.ts';
import { frameAad, frameAadLikeSampleProxy } from '../xks/aad.ts';
import { encodeBase64 } from '../xks/base64.ts';
import { XksError } from '../xks/errors.ts';
import type { DecryptRequest, DecryptResponse } from '../xks/messages/decrypt.ts';
import { versionOf, type ExternalKey } from './externalKey.ts';

const NO_AAD = Buffer.alloc(0);

/** Decrypts. A changed ciphertextMetadata changes the AAD, so it fails like a changed tag. Spec, "Decrypt". */
export async function decrypt(
  keyManager: KeyManager,
  key: ExternalKey,
  request: DecryptRequest,
  deadline: number,
): Promise<DecryptResponse> {
  const { ciphertext, initializationVector: iv, authenticationTag: tag, ciphertextMetadata } = request;
  const aad = request.additionalAuthenticatedData;
  const version = versionOf(key, ciphertextMetadata);
  const open = (framedAad: Uint8Array) => keyManager.decrypt(version, { ciphertext, iv, tag }, framedAad, deadline);

  const plaintext = await open(frameAad(aad ?? NO_AAD, ciphertextMetadata)).catch((error: unknown) => {
    const invalid = error instanceof XksError && error.errorName === 'InvalidCiphertextException';
    if (!invalid || key.decryptAlso === undefined) throw error;
    return open(frameAadLikeSampleProxy(aad, ciphertextMetadata));
  });
  return { plaintext: encodeBase64(plaintext) };
}

import type { KeyManager } from '../hsm/keyManager.ts';
import { frameAad } from '../xks/aad.ts';
import { encodeBase64 } from '../xks/base64.ts';
import type { DecryptRequest, DecryptResponse } from '../xks/messages/decrypt.ts';
import type { ExternalKey } from './externalKey.ts';

/** Decrypts; a changed ciphertextMetadata changes the AAD, and so fails like a changed tag. Spec, "Decrypt". */
export async function decrypt(
  keyManager: KeyManager,
  key: ExternalKey,
  request: DecryptRequest,
): Promise<DecryptResponse> {
  const sealed = {
    ciphertext: request.ciphertext,
    iv: request.initializationVector,
    tag: request.authenticationTag,
  };
  const framedAad = frameAad(request.additionalAuthenticatedData, request.ciphertextMetadata);
  return { plaintext: encodeBase64(await keyManager.decrypt(key.label, sealed, framedAad)) };
}

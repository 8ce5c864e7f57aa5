import type { KeyManager, Sealed, SealedWithCdiv } from '../hsm/keyManager.ts';
import { frameAad } from '../xks/aad.ts';
import { encodeBase64 } from '../xks/base64.ts';
import type { EncryptRequest, EncryptResponse } from '../xks/messages/encrypt.ts';
import { newestVersion, type ExternalKey } from './externalKey.ts';

/** Encrypts with the newest version of the key and a new IV from the key manager, by `deadline`. Spec, "Encrypt". */
export async function encrypt(
  keyManager: KeyManager,
  key: ExternalKey,
  { plaintext, additionalAuthenticatedData: aad, wantsCdiv }: EncryptRequest,
  deadline: number,
): Promise<EncryptResponse> {
  const version = newestVersion(key);
  const { ciphertextMetadata } = version;
  const { ciphertext, iv, tag, ciphertextDataIntegrityValue }: Sealed & Partial<SealedWithCdiv> = wantsCdiv
    ? await keyManager.encryptWithCdiv(version, plaintext, { aad, ciphertextMetadata }, deadline)
    : await keyManager.encrypt(version, plaintext, frameAad(aad, ciphertextMetadata), deadline);
  return {
    ciphertext: encodeBase64(ciphertext),
    initializationVector: encodeBase64(iv),
    authenticationTag: encodeBase64(tag),
    ciphertextMetadata: ciphertextMetadata.length > 0 ? encodeBase64(ciphertextMetadata) : undefined,
    ciphertextDataIntegrityValue,
  };
}

import { timingSafeEqual } from 'node:crypto';
import type { KeyManager, Sealed } from '../hsm/keyManager.ts';
import { frameAad } from '../xks/aad.ts';
import { encodeBase64 } from '../xks/base64.ts';
import { computeCdiv } from '../xks/cdiv.ts';
import { XksError } from '../xks/errors.ts';
import type { EncryptRequest, EncryptResponse } from '../xks/messages/encrypt.ts';
import type { ExternalKey } from './externalKey.ts';

// A key with one version needs no ciphertextMetadata.
const NO_METADATA = Buffer.alloc(0);

/** Encrypts with a new IV of the key manager. Spec, "Encrypt". */
export async function encrypt(
  keyManager: KeyManager,
  key: ExternalKey,
  request: EncryptRequest,
): Promise<EncryptResponse> {
  const { plaintext, additionalAuthenticatedData: aad } = request;
  const framedAad = frameAad(aad, NO_METADATA);
  const sealed = await keyManager.encrypt(key.label, plaintext, framedAad);
  const response = {
    ciphertext: encodeBase64(sealed.ciphertext),
    initializationVector: encodeBase64(sealed.iv),
    authenticationTag: encodeBase64(sealed.tag),
  };
  if (!request.wantsCdiv) return response;

  // Spec, Appendix C: the CDIV comes before the decrypt, so that no corruption between the two goes unnoticed.
  const ciphertextDataIntegrityValue = computeCdiv({ aad, ciphertextMetadata: NO_METADATA, ...sealed });
  await proveDecryptable(keyManager, key, sealed, framedAad, plaintext);
  return { ...response, ciphertextDataIntegrityValue };
}

async function proveDecryptable(
  keyManager: KeyManager,
  key: ExternalKey,
  sealed: Sealed,
  framedAad: Uint8Array,
  plaintext: Uint8Array,
): Promise<void> {
  const opened = await keyManager.decrypt(key.label, sealed, framedAad).catch((cause: unknown) => {
    // Spec, "Error codes": InvalidCiphertextException is an answer to Decrypt only.
    const undecryptable = cause instanceof XksError && cause.errorName === 'InvalidCiphertextException';
    throw undecryptable ? unlikePlaintext(cause) : cause;
  });
  if (opened.length !== plaintext.length || !timingSafeEqual(opened, plaintext)) throw unlikePlaintext();
}

function unlikePlaintext(cause?: unknown): XksError {
  const message = 'The key manager did not decrypt its own ciphertext to the plaintext; nothing was returned.';
  return new XksError('InternalException', message, { cause });
}

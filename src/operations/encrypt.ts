import { timingSafeEqual } from 'node:crypto';
import type { KeyManager } from '../hsm/keyManager.ts';
import { frameAad } from '../xks/aad.ts';
import { encodeBase64 } from '../xks/base64.ts';
import { computeCdiv } from '../xks/cdiv.ts';
import { XksError } from '../xks/errors.ts';
import type { EncryptRequest, EncryptResponse } from '../xks/messages/encrypt.ts';
import { newestVersion, type ExternalKey } from './externalKey.ts';

/** Encrypts with the newest version of the key and a new IV of the key manager, by `deadline`. Spec, "Encrypt". */
export async function encrypt(
  keyManager: KeyManager,
  key: ExternalKey,
  request: EncryptRequest,
  deadline: number,
): Promise<EncryptResponse> {
  const { plaintext, additionalAuthenticatedData: aad } = request;
  const { label, ciphertextMetadata } = newestVersion(key);
  const framedAad = frameAad(aad, ciphertextMetadata);
  const sealed = await keyManager.encrypt(label, plaintext, framedAad, deadline);
  const response = {
    ciphertext: encodeBase64(sealed.ciphertext),
    initializationVector: encodeBase64(sealed.iv),
    authenticationTag: encodeBase64(sealed.tag),
    ...(ciphertextMetadata.length > 0 && { ciphertextMetadata: encodeBase64(ciphertextMetadata) }),
  };
  if (!request.wantsCdiv) return response;

  // Spec, Appendix C: the CDIV comes before the decrypt, so that no corruption between the two goes unnoticed.
  const ciphertextDataIntegrityValue = computeCdiv({ aad, ciphertextMetadata, ...sealed });
  const open = () => keyManager.decrypt(label, sealed, framedAad, deadline);
  await proveDecryptable(open, plaintext);
  return { ...response, ciphertextDataIntegrityValue };
}

async function proveDecryptable(open: () => Promise<Uint8Array>, plaintext: Uint8Array): Promise<void> {
  const opened = await open().catch((cause: unknown) => {
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

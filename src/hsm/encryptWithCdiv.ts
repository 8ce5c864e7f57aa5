import { timingSafeEqual } from 'node:crypto';
import { frameAad } from '../xks/aad.ts';
import { computeCdiv } from '../xks/cdiv.ts';
import { XksError } from '../xks/errors.ts';
import type { AadFields, Sealed, SealedWithCdiv } from './keyManager.ts';

/** AES-GCM with one key. `aad` is the framed AAD. */
export interface Cipher {
  encrypt(plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed>;
  decrypt(sealed: Sealed, aad: Uint8Array): Promise<Uint8Array>;
}

/**
 * Encrypts, computes the CDIV, then decrypts the result and compares it with the plaintext. Throws InternalException if they
 * differ. Spec, Appendix C: the CDIV is computed before the decryption, so that corruption between the two is detected.
 */
export async function encryptWithCdiv(
  cipher: Cipher,
  plaintext: Uint8Array,
  fields: AadFields,
): Promise<SealedWithCdiv> {
  const framedAad = frameAad(fields.aad, fields.ciphertextMetadata);
  const sealed = await cipher.encrypt(plaintext, framedAad);
  const ciphertextDataIntegrityValue = computeCdiv({ ...fields, ...sealed });
  await requireDecryptable(cipher, sealed, framedAad, plaintext);
  return { ...sealed, ciphertextDataIntegrityValue };
}

/** Throws InternalException if `sealed` does not decrypt to `plaintext`. */
export async function requireDecryptable(
  cipher: Pick<Cipher, 'decrypt'>,
  sealed: Sealed,
  framedAad: Uint8Array,
  plaintext: Uint8Array,
): Promise<void> {
  const opened = await cipher.decrypt(sealed, framedAad).catch((cause: unknown) => {
    // Spec, "Error codes": only Decrypt may answer InvalidCiphertextException.
    const undecryptable = cause instanceof XksError && cause.errorName === 'InvalidCiphertextException';
    throw undecryptable ? unlikePlaintext(cause) : cause;
  });
  if (opened.length !== plaintext.length || !timingSafeEqual(opened, plaintext)) throw unlikePlaintext();
}

function unlikePlaintext(cause?: unknown): XksError {
  const message = 'The key manager did not decrypt its own ciphertext to the plaintext; nothing was returned.';
  return new XksError('InternalException', message, { cause });
}

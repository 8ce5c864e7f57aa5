import type { Cryptoki, ObjectHandle, SessionHandle } from '../cryptoki/cryptoki.ts';
import { CKA } from '../cryptoki/cryptokiConstants.ts';

// PKCS#11 defines 3 bytes. Some modules give more.
const FEWEST_BYTES = 3;
const MOST_BYTES = 8;

/**
 * Reads CKA_CHECK_VALUE of a key, in upper-case hexadecimal. For an AES key, these are the first bytes of an encrypted block of
 * zeros. Returns undefined if the module does not have this optional attribute, or gives an impossible length.
 *
 * The attribute is read alone. If a module fails to give it, the key's other attributes are not affected.
 */
export function readCheckValue(cryptoki: Cryptoki, session: SessionHandle, key: ObjectHandle): string | undefined {
  try {
    const value = cryptoki.readAttributes(session, key, [CKA.CHECK_VALUE]).get(CKA.CHECK_VALUE);
    if (!value || value.length < FEWEST_BYTES || value.length > MOST_BYTES) return undefined;
    return value.toString('hex').toUpperCase();
  } catch {
    // Errors also come from pkcs11js, for example if the module gives a length that no memory can hold.
    return undefined;
  }
}

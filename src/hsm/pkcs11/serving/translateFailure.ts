import { XksError, type XksErrorName } from '../../../xks/errors.ts';
import { CKR } from '../cryptoki/cryptokiConstants.ts';
import { CryptokiError, isAnswer, ModuleFault } from '../cryptoki/cryptokiError.ts';
import { KeysVanished } from '../keys/keysVanished.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

const BAD_CIPHERTEXT = [
  CKR.ENCRYPTED_DATA_INVALID,
  CKR.ENCRYPTED_DATA_LEN_RANGE,
  CKR.DATA_INVALID,
  CKR.DATA_LEN_RANGE,
  CKR.AEAD_DECRYPT_FAILED,
  // SoftHSM and others answer with only these codes when the tag does not verify.
  CKR.GENERAL_ERROR,
  CKR.FUNCTION_FAILED,
];

/** Returns the same text for every kind of mismatch, because the kind would help an attacker. */
export function invalidCiphertext(cause?: unknown): XksError {
  return named(
    'InvalidCiphertextException',
    'The ciphertext, IV, tag or AAD is not valid for this external key.',
    cause,
  );
}

export function isInvalidCiphertext(error: unknown): boolean {
  return error instanceof XksError && error.errorName === 'InvalidCiphertextException';
}

/** Translates the failure of an operation on a token to an XksError for the caller. Function and answer are kept for the log. */
export function translateFailure(cause: unknown): XksError {
  if (cause instanceof XksError) return cause;
  if (isAnswer(cause, ...BAD_CIPHERTEXT) && cause.functionName === 'C_Decrypt') return invalidCiphertext(cause);
  // The module does not accept an IV of this length, so the ciphertext is not from this module.
  if (isAnswer(cause, CKR.MECHANISM_PARAM_INVALID) && cause.functionName === 'C_DecryptInit') {
    return invalidCiphertext(cause);
  }
  if (isAnswer(cause, CKR.KEY_FUNCTION_NOT_PERMITTED) || isNssRefusal(cause)) {
    return named('InvalidKeyUsageException', 'The key manager does not permit this use of the external key.', cause);
  }
  if (isAnswer(cause, CKR.SESSION_COUNT)) {
    return named('ThrottlingException', 'The key manager has no free session.', cause);
  }
  return named('InternalException', 'The key manager failed.', cause);
}

function named(errorName: XksErrorName, message: string, cause: unknown): XksError {
  return new XksError(errorName, message, { cause, detail: detailOf(cause) });
}

/**
 * Returns the part of a failure that may be logged. These errors hold names, codes and lengths only; messages of others may hold
 * anything.
 */
export function detailOf(cause: unknown): string | undefined {
  const ours = [CryptokiError, KeysVanished, ModuleFault, Pkcs11Failure].some((each) => cause instanceof each);
  return ours ? (cause as Error).message : undefined;
}

// NSS softoken answers this for an AES key whose attributes forbid the usage. Keys of other types never get this far.
function isNssRefusal(cause: unknown): boolean {
  return isAnswer(cause, CKR.KEY_TYPE_INCONSISTENT) && /^C_(En|De)cryptInit$/.test(cause.functionName);
}

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
  // SoftHSM and others say no more than these when the tag does not verify.
  CKR.GENERAL_ERROR,
  CKR.FUNCTION_FAILED,
];

/** The same text whatever did not match: which it was would help an attacker. */
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

/** What a failed operation on a token means to the caller. Function and answer are kept for the log. */
export function translateFailure(cause: unknown): XksError {
  if (cause instanceof XksError) return cause;
  if (isAnswer(cause, ...BAD_CIPHERTEXT) && cause.functionName === 'C_Decrypt') return invalidCiphertext(cause);
  // An IV of a length that the module does not take, which it therefore has not made.
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

/** What may be logged of a failure: these hold names, codes and lengths only, the messages of others may hold anything. */
export function detailOf(cause: unknown): string | undefined {
  const ours = [CryptokiError, KeysVanished, ModuleFault, Pkcs11Failure].some((each) => cause instanceof each);
  return ours ? (cause as Error).message : undefined;
}

// NSS softoken says this of an AES key whose attributes forbid the usage; other keys are never used.
function isNssRefusal(cause: unknown): boolean {
  return isAnswer(cause, CKR.KEY_TYPE_INCONSISTENT) && /^C_(En|De)cryptInit$/.test(cause.functionName);
}

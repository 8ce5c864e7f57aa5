import { CKR } from '../cryptoki/cryptokiConstants.ts';
import { isAnswer, type CryptokiError } from '../cryptoki/cryptokiError.ts';
import { KeysVanished } from '../keys/keysVanished.ts';

/** An operation failed because a session, login, handle, key or device is gone. */
export type Loss = CryptokiError | KeysVanished;

const VAGUE = [CKR.GENERAL_ERROR, CKR.FUNCTION_FAILED];

const LOSSES = [
  ...VAGUE,
  CKR.SESSION_HANDLE_INVALID,
  CKR.SESSION_CLOSED,
  CKR.USER_NOT_LOGGED_IN,
  CKR.KEY_HANDLE_INVALID,
  CKR.OBJECT_HANDLE_INVALID,
  CKR.SLOT_ID_INVALID,
  CKR.TOKEN_NOT_PRESENT,
  CKR.TOKEN_NOT_RECOGNIZED,
  CKR.DEVICE_ERROR,
  CKR.DEVICE_REMOVED,
  CKR.CRYPTOKI_NOT_INITIALIZED,
];

/** Whether the operation may succeed after a repair. */
export function isLoss(error: unknown): error is Loss {
  return error instanceof KeysVanished || (isAnswer(error, ...LOSSES) && !isVagueOfDecrypt(error));
}

/**
 * Whether a module answered a decryption with one of these vague codes. They usually mean a bad ciphertext, and sometimes a lost
 * device.
 */
export function isVagueOfDecrypt(error: unknown): error is CryptokiError {
  return isAnswer(error, ...VAGUE) && error.functionName === 'C_Decrypt';
}

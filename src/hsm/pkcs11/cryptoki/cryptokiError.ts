/** A PKCS#11 function answered with something other than CKR_OK. The message holds names and codes only, never data. */
export class CryptokiError extends Error {
  override readonly name = 'CryptokiError';
  /** For example `C_Decrypt`. */
  readonly functionName: string;
  /** CK_RV. */
  readonly code: number;

  /** `codeName` is for example `CKR_GENERAL_ERROR`. */
  constructor(functionName: string, code: number, codeName = 'an error') {
    super(`${functionName} answered ${codeName} (0x${code.toString(16)})`);
    this.functionName = functionName;
    this.code = code;
  }
}

/** A module answered CKR_OK, but violated the standard. The message holds names and lengths only, never data. */
export class ModuleFault extends Error {
  override readonly name = 'ModuleFault';
}

/** Whether a PKCS#11 function answered with one of these codes. */
export function isAnswer(error: unknown, ...codes: readonly number[]): error is CryptokiError {
  return error instanceof CryptokiError && codes.includes(error.code);
}

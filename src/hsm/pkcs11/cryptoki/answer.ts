import { CryptokiError } from './cryptokiError.ts';

/** Returns the result of a pkcs11js call. Throws CryptokiError if the module answers with anything but CKR_OK. */
export function answer<T>(functionName: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translateAnswer(functionName, error);
  }
}

/**
 * Converts the answer of a module to a CryptokiError, and returns any other error unchanged. Depending on the function, pkcs11js
 * gives `CKR_NAME:code` as the message, or `CKR_NAME` and the code as a property.
 */
export function translateAnswer(functionName: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [, codeName, digits] = /^(CKR_\w+)(?::(\d+))?$/.exec(error.message) ?? [];
  const code = digits ?? ('code' in error ? error.code : undefined);
  return codeName && code !== undefined ? new CryptokiError(functionName, Number(code), codeName) : error;
}

import { redactError } from '../../../redactError.ts';
import { XksError, type XksErrorName } from '../../../xks/errors.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

/** An error as it crosses between threads. */
export type WireError =
  | { readonly errorName: XksErrorName; readonly message: string; readonly detail: string | undefined }
  | { readonly message: string; readonly pinRefused: boolean };

/** Redacts an error that is not ours, and a cause. */
export function toWireError(error: unknown): WireError {
  if (error instanceof Pkcs11Failure) return { message: error.message, pinRefused: error.pinRefused };
  if (error instanceof XksError) {
    const { errorName, message, cause, detail = cause === undefined ? undefined : redactError(cause) } = error;
    return { errorName, message, detail };
  }
  return { errorName: 'InternalException', message: 'The key manager failed.', detail: redactError(error) };
}

export function fromWireError(error: WireError): XksError | Pkcs11Failure {
  if ('pinRefused' in error) return new Pkcs11Failure(error.message, error);
  return new XksError(error.errorName, error.message, { detail: error.detail });
}

import type { ErrorCodec } from '../../../messaging/errorCodec.ts';
import { redactError } from '../../../redactError.ts';
import { XksError, type XksErrorName } from '../../../xks/errors.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

/** An error in the form in which it crosses between threads. */
export type WireError =
  | { readonly errorName: XksErrorName; readonly message: string; readonly detail: string | undefined }
  | { readonly message: string; readonly pinRefused: boolean };

/** The codec for errors between threads. A cause, and an error that is not ours, cross redacted. */
export const WIRE_ERRORS: ErrorCodec<WireError> = {
  encode: (error) => {
    if (error instanceof Pkcs11Failure) return { message: error.message, pinRefused: error.pinRefused };
    if (error instanceof XksError) {
      const { errorName, message, cause, detail = cause === undefined ? undefined : redactError(cause) } = error;
      return { errorName, message, detail };
    }
    return { errorName: 'InternalException', message: 'The key manager failed.', detail: redactError(error) };
  },
  decode: (wire) => {
    if ('pinRefused' in wire) return new Pkcs11Failure(wire.message, wire);
    return new XksError(wire.errorName, wire.message, { detail: wire.detail });
  },
};

import { CryptokiError } from './cryptokiError.ts';

/** A token cannot be opened or administered: the message says why, and what to do about it. It holds no secret. */
export class Pkcs11Failure extends Error {
  override readonly name = 'Pkcs11Failure';

  /** A CryptokiError as the cause adds the function and its answer to the message. */
  constructor(message: string, options?: { cause?: unknown }) {
    const detail = options?.cause instanceof CryptokiError ? ` (${options.cause.message})` : '';
    super(message + detail, options);
  }
}

import { CryptokiError } from './cryptoki/cryptokiError.ts';

/** A token cannot be opened or administered: the message says why, and what to do about it. It holds no secret. */
export class Pkcs11Failure extends Error {
  override readonly name = 'Pkcs11Failure';
  /** Whether it is final, because the same PIN must not be tried again. */
  readonly pinRefused: boolean;

  /** A CryptokiError as the cause adds the function and its answer to the message. */
  constructor(message: string, { cause, pinRefused = false }: { cause?: unknown; pinRefused?: boolean } = {}) {
    const detail = cause instanceof CryptokiError ? ` (${cause.message})` : '';
    super(message + detail, cause === undefined ? undefined : { cause });
    this.pinRefused = pinRefused;
  }
}

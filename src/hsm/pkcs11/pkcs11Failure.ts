import { CryptokiError } from './cryptoki/cryptokiError.ts';

/** A token cannot be opened or administered. The message says why, and how to solve it. It holds no secret. */
export class Pkcs11Failure extends Error {
  override readonly name = 'Pkcs11Failure';
  /** Whether the failure is final, because the same PIN must not be tried again. */
  readonly pinRefused: boolean;

  /** Adds the function and answer of a CryptokiError that is the cause to the message. */
  constructor(message: string, { cause, pinRefused = false }: { cause?: unknown; pinRefused?: boolean } = {}) {
    const detail = cause instanceof CryptokiError ? ` (${cause.message})` : '';
    super(message + detail, cause === undefined ? undefined : { cause });
    this.pinRefused = pinRefused;
  }
}

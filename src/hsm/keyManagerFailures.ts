import { XksError } from '../xks/errors.ts';
import type { KeyFailure } from './keyManager.ts';

export function late(): XksError {
  return new XksError('DependencyTimeoutException', 'The key manager did not answer in time.');
}

export function noneFree(): XksError {
  return new XksError('ThrottlingException', 'The key manager has no free session in time.');
}

export function closed(): XksError {
  return new XksError('InternalException', 'The key manager is closed.');
}

export function unbelievable(cause: unknown): XksError {
  const detail = 'the key manager does not decrypt its own ciphertexts either';
  return new XksError('InternalException', 'The key manager cannot decrypt at present.', { cause, detail });
}

/** Returns the content of an XksError; throws any other error. */
export function failureOf(error: unknown): KeyFailure {
  if (!(error instanceof XksError)) throw error;
  const { errorName, message, detail } = error;
  return { errorName, message, detail };
}

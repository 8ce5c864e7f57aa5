import { XksError } from '../xks/errors.ts';

export function late(): XksError {
  return new XksError('DependencyTimeoutException', 'The key manager did not answer in time.');
}

export function noneFree(): XksError {
  return new XksError('ThrottlingException', 'The key manager has no free session in time.');
}

export function closed(): XksError {
  return new XksError('InternalException', 'The key manager is closed.');
}

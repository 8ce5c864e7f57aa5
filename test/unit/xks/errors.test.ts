import { expect, it } from 'vitest';
import { XKS_ERROR_STATUS, XksError } from '../../../src/xks/errors.ts';

it('an XksError has the status that belongs to its name', () => {
  expect(XKS_ERROR_STATUS).toEqual({
    ValidationException: 400,
    InvalidStateException: 400,
    InvalidCiphertextException: 400,
    InvalidKeyUsageException: 400,
    AuthenticationFailedException: 401,
    AccessDeniedException: 403,
    KeyNotFoundException: 404,
    InvalidUriPathException: 404,
    ThrottlingException: 429,
    InternalException: 500,
    UnsupportedOperationException: 501,
    DependencyTimeoutException: 503,
  });
});

it('an XksError shortens any message to fewer than 512 characters of printable ASCII', () => {
  const { errorMessage } = new XksError('InternalException', `é\n\0\u{1f511}${'x'.repeat(600)}`).toBody();
  expect(errorMessage).toMatch(/^[\x20-\x7e]{511}$/);
});

it('an XksError hides detail and cause from the caller', () => {
  const error = new XksError('InternalException', 'message', { detail: 'detail', cause: new Error('cause') });
  expect(error.toBody()).toEqual({ errorName: 'InternalException', errorMessage: 'message' });
});

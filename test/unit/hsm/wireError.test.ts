import { describe, expect, it } from 'vitest';
import { Pkcs11Failure } from '../../../src/hsm/pkcs11/pkcs11Failure.ts';
import { WIRE_ERRORS } from '../../../src/hsm/pkcs11/thread/wireError.ts';
import { XksError } from '../../../src/xks/errors.ts';

function cross(error: unknown): Error {
  return WIRE_ERRORS.decode(structuredClone(WIRE_ERRORS.encode(error)));
}

describe('between threads', () => {
  it.each([
    new XksError('InvalidCiphertextException', 'message', { detail: 'C_Decrypt answered' }),
    new XksError('KeyNotFoundException', 'message'),
  ])('an XksError is the same: %s', (error) => {
    const { errorName, message, detail } = error;
    expect(cross(error)).toBeInstanceOf(XksError);
    expect(cross(error)).toMatchObject({ errorName, message, detail, status: error.status });
  });

  it.each([true, false])('a Pkcs11Failure is the same, pinRefused: %s', (pinRefused) => {
    const error = cross(new Pkcs11Failure('message', { pinRefused }));
    expect(error).toBeInstanceOf(Pkcs11Failure);
    expect(error).toMatchObject({ message: 'message', pinRefused });
  });

  it.each([
    new TypeError('secret'),
    new XksError('InternalException', 'The key manager failed.', { cause: new TypeError('secret') }),
  ])('any other error, or a cause, is passed on without its message: %s', (error) => {
    expect(cross(error)).toMatchObject({
      errorName: 'InternalException',
      message: 'The key manager failed.',
      detail: expect.stringMatching(/^TypeError at /) as string,
    });
    expect(JSON.stringify(WIRE_ERRORS.encode(error))).not.toContain('secret');
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as member from '../../../src/kms/operations/members.ts';
import { parseInput } from '../../../src/kms/operations/parseInput.ts';

const shape = z.object({
  KeyId: member.keyId,
  Limit: member.limit.optional(),
  XksKeyId: member.xksKeyId.optional(),
  Origin: member.origin.optional(),
  Plaintext: member.plaintext.optional(),
  XksProxyAuthenticationCredential: member.xksProxyAuthenticationCredential.optional(),
});

it('takes a good input, without members that are unknown or null', () => {
  const input = { KeyId: 'a', Limit: null, Other: 1, Plaintext: 'AQI=' };
  expect(parseInput(shape, input)).toEqual({ KeyId: 'a', Plaintext: Buffer.from([1, 2]) });
});

describe('refuses, in the words of AWS,', () => {
  const one = '1 validation error detected: ';
  it.each([
    [{}, `${one}Value at 'keyId' failed to satisfy constraint: Member must not be null`],
    [
      { KeyId: '' },
      `${one}Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    ],
    [
      { KeyId: 'k', Limit: 1001 },
      `${one}Value '1001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000`,
    ],
    [
      { KeyId: 'k', XksKeyId: 'a b' },
      `${one}Value 'a b' at 'xksKeyId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_.]+$`,
    ],
    [
      { KeyId: 'k', Origin: 'HERE' },
      `${one}Value 'HERE' at 'origin' failed to satisfy constraint: Member must satisfy enum value set: [AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE]`,
    ],
    [
      { KeyId: 'k', Plaintext: '' },
      `${one}Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    ],
    [
      { KeyId: 'k', Plaintext: Buffer.alloc(4097).toString('base64') },
      `${one}Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096`,
    ],
    [
      {
        KeyId: 'k',
        XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: '!'.repeat(43) },
      },
      `${one}Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9/+=]+$`,
    ],
    [
      { KeyId: '', Limit: 0 },
      "2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
  ])('$#', (input, message) => {
    expect(() => parseInput(shape, input)).toThrow(
      expect.objectContaining({ errorName: 'ValidationException', message }),
    );
  });
});

it.each([
  [[]],
  ['text'],
  [{ KeyId: 1 }],
  [{ KeyId: 'k', Plaintext: '***' }],
  [{ KeyId: 'k', Limit: '5' }],
  [{ KeyId: 'k', Limit: 1.5 }],
])('another type is a SerializationException: %j', (input) => {
  expect(() => parseInput(shape, input)).toThrow(expect.objectContaining({ errorName: 'SerializationException' }));
});

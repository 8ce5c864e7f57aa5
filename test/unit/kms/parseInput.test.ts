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
  Tags: member.tags.optional(),
  GrantTokens: member.grantTokens.optional(),
});

it('accepts a valid input, without members that are unknown or null', () => {
  const input = { KeyId: 'a', Limit: null, Other: 1, Plaintext: 'AQI=' };
  expect(parseInput(shape, input)).toEqual({ KeyId: 'a', Plaintext: Buffer.from([1, 2]) });
});

describe('refuses, with the messages of AWS,', () => {
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
    [
      { KeyId: 'k', Tags: [{ TagKey: 'a', TagValue: 'b' }, { TagKey: 'a' }] },
      `${one}Value at 'tags.2.member.tagValue' failed to satisfy constraint: Member must not be null`,
    ],
    [
      { KeyId: 'k', GrantTokens: Array.from({ length: 11 }, () => 'g') },
      `${one}Value at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10`,
    ],
  ])('$#', (input, message) => {
    expect(() => parseInput(shape, input)).toThrow(
      expect.objectContaining({ errorName: 'ValidationException', message }),
    );
  });
});

it('describes ten problems if there are very many', () => {
  const Tags = Array.from({ length: 1_000 }, () => ({ TagKey: '', TagValue: '' }));
  const problem = (element: number) =>
    `Value '' at 'tags.${element}.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1`;
  expect(() => parseInput(shape, { KeyId: 'k', Tags })).toThrow(
    expect.objectContaining({
      errorName: 'ValidationException',
      message: `1000 validation errors detected: ${[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(problem).join('; ')}`,
    }),
  );
});

it.each<[input: unknown, name: string]>([
  [[], 'the input'],
  ['text', 'the input'],
  [null, 'the input'],
  [{ KeyId: 1 }, 'keyId'],
  [{ KeyId: 'k', Origin: 5 }, 'origin'],
  [{ KeyId: 'k', Origin: ['AWS_KMS'] }, 'origin'],
  [{ KeyId: 'k', Plaintext: '***' }, 'plaintext'],
  [{ KeyId: 'k', Limit: '5' }, 'limit'],
  [{ KeyId: 'k', Limit: 1.5 }, 'limit'],
  [{ KeyId: 'k', Limit: Infinity }, 'limit'],
  [{ KeyId: 'k', Tags: { TagKey: 'a', TagValue: 'b' } }, 'tags'],
  [{ KeyId: 'k', Tags: [null] }, 'tags.1.member'],
  [{ KeyId: 'k', GrantTokens: ['a', 1] }, 'grantTokens.2.member'],
])('a wrong type is a SerializationException: %j', (input, name) => {
  expect(() => parseInput(shape, input)).toThrow(
    expect.objectContaining({
      errorName: 'SerializationException',
      message: `The type of ${name} is not the one expected`,
    }),
  );
});

it('a required enumeration that is absent is null', () => {
  expect(() => parseInput(z.object({ Origin: member.origin }), {})).toThrow(
    expect.objectContaining({
      errorName: 'ValidationException',
      message: "1 validation error detected: Value at 'origin' failed to satisfy constraint: Member must not be null",
    }),
  );
});

it('the text of a sensitive member is not quoted', () => {
  const secret = 'SECRET!';
  const credential = { AccessKeyId: secret, RawSecretAccessKey: secret };
  for (const input of [
    { KeyId: 'k', XksProxyAuthenticationCredential: credential },
    { KeyId: 'k', XksProxyAuthenticationCredential: secret },
    { KeyId: 'k', Plaintext: secret },
  ]) {
    expect(() => parseInput(shape, input)).toThrow(
      expect.objectContaining({ name: 'KmsError', message: expect.not.stringContaining('SECRET') as string }),
    );
  }
});

it('quotes the beginning of a long value', () => {
  const message = /^1 validation error detected: Value 'x{1024}\.\.\.' at 'keyId' failed to satisfy constraint: [^x]+$/;
  expect(() => parseInput(shape, { KeyId: 'x'.repeat(100_000) })).toThrow(message);
});

it('refuses a request with many values before it checks each', () => {
  const many = { errorName: 'SerializationException', message: 'The request has more than 5000 values' };
  const tags = Array.from({ length: 5_000 }, () => ({}));
  expect(() => parseInput(shape, { KeyId: 'k', Tags: tags })).toThrow(expect.objectContaining(many));
  const context = Object.fromEntries(tags.map((_, index) => [index, 1]));
  const withContext = z.object({ EncryptionContext: member.encryptionContext });
  expect(() => parseInput(withContext, { EncryptionContext: context })).toThrow(expect.objectContaining(many));
  expect(() => parseInput(shape, { KeyId: 'k', Tags: tags.slice(0, 4_000) })).toThrow(/^8000 validation errors/);
});

import * as sdk from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import { z } from 'zod';
import * as members from '../../../src/kms/operations/members.ts';
import { parseInput } from '../../../src/kms/operations/parseInput.ts';

interface Constraints {
  /** The length of a text, a blob (in bytes) or a list, or the value of a number. */
  readonly length?: readonly [min: number, max: number];
  readonly good: readonly unknown[];
  /** Values that break the pattern or the enumeration, and no other rule. */
  readonly bad: readonly unknown[];
  /** Makes a valid value of a given length. */
  readonly ofLength?: (length: number) => unknown;
}

const after = (start: string, end: string) => (length: number) =>
  start + 'a'.repeat(Math.max(0, length - start.length - end.length)) + end;
const base64 = (length: number) => Buffer.alloc(length).toString('base64');
const value = (number: number) => number;

const id = after('', '');
const SERVICE = 'com.amazonaws.vpce.us-east-1.vpce-svc-';

/** Constraints from the service model of KMS 2014-11-01. */
const CONSTRAINTS: Readonly<Record<string, Constraints>> = {
  customKeyStoreId: { length: [1, 64], ofLength: id, good: ['cks-1234567890abcdef0'], bad: [] },
  customKeyStoreName: { length: [1, 256], ofLength: id, good: ['My store é'], bad: [] },
  keyId: { length: [1, 2048], ofLength: id, good: ['alias/a', 'arn:aws:kms:us-east-1:111122223333:key/x'], bad: [] },
  aliasName: { length: [1, 256], ofLength: id, good: ['alias/a_b-C/9:'], bad: ['alias/a b', 'alias/é', 'alias/a\n'] },
  description: { length: [0, 8192], ofLength: id, good: ['', 'é\n'], bad: [] },
  policyName: { length: [1, 128], ofLength: id, good: ['default', 'a_9'], bad: ['a-b', 'é', 'a\n'] },
  policy: { length: [1, 131_072], ofLength: id, good: ['{\t"é":\r\n1}'], bad: ['\0', '\u0100', '{\v}', '😀'] },
  limit: { length: [1, 1000], ofLength: value, good: [], bad: [] },
  marker: { length: [1, 1024], ofLength: id, good: ['a ÿ'], bad: ['\t', '\u0100', 'a\n'] },
  xksKeyId: { length: [1, 128], ofLength: id, good: ['a-_.9'], bad: ['a b', 'a/b', 'a:b', 'é', 'a\n'] },
  xksProxyUriEndpoint: {
    length: [10, 128],
    ofLength: after('https://', ''),
    good: ['https://xks.example.com', 'https://A-1.'],
    bad: [
      'http://xks.example.com',
      'https://xks:8443',
      'https://xks.example.com/',
      'https://x@y.example',
      ' https://xks',
    ],
  },
  xksProxyUriPath: {
    good: [after('/', '/kms/xks/v1')(128), '/kms/xks/v1', '/kms/xks/v12', '/a/B_9-/kms/xks/v1', '/a//b/kms/xks/v1'],
    bad: [
      after('/', '/kms/xks/v1')(129),
      '/kms/xks/v123',
      '/kms/xks/v1/',
      '/a.b/kms/xks/v1',
      'a/kms/xks/v1',
      '//kms/xks/v1',
      '/kms/xks/v١',
      '/kms/xks/v1\n',
    ],
  },
  xksProxyVpcEndpointServiceName: {
    good: [
      after(SERVICE, '')(64),
      `${SERVICE}0a1`,
      'eu.amazonaws.vpce.eusc-de-east-1.vpce-svc-1',
      'com.amazonaws.vpce.us-gov-west-1.vpce-svc-1',
    ],
    bad: [
      after(SERVICE, '')(65),
      `${SERVICE}A`,
      'com.amazonaws.vpce.us-1.vpce-svc-1',
      'cn.amazonaws.vpce.us-east-1.vpce-svc-1',
      `${SERVICE}1\n`,
    ],
  },
  xksProxyVpcEndpointServiceOwner: {
    good: ['111122223333'],
    bad: ['1'.repeat(11), '1'.repeat(13), '11112222333a', '١'.repeat(12)],
  },
  encryptionAlgorithm: {
    good: ['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'],
    bad: ['', 'AES'],
  },
  dataKeySpec: { good: ['AES_256', 'AES_128'], bad: ['', 'AES_192', 'toString'] },
  xksProxyConnectivity: { good: ['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE'], bad: ['', 'public_endpoint'] },
  customKeyStoreType: { good: ['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'], bad: ['', 'EXTERNAL'] },
  origin: { good: ['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'], bad: ['', 'AWS'] },
  keyUsage: { good: ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'], bad: ['', 'ENCRYPT'] },
  keySpec: {
    good: 'RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 SYMMETRIC_DEFAULT HMAC_224 HMAC_256 HMAC_384 HMAC_512 SM2 ML_DSA_44 ML_DSA_65 ML_DSA_87 ECC_NIST_EDWARDS25519'.split(
      ' ',
    ),
    bad: ['', 'AES_256'],
  },
  grantTokens: {
    length: [0, 10],
    ofLength: (length) => Array.from({ length }, () => 'g'),
    good: [['g'.repeat(8192)]],
    bad: [[''], ['g'.repeat(8193)]],
  },
  resourceOwners: {
    length: [1, 2],
    ofLength: (length) => Array.from({ length }, () => 'SELF'),
    good: [['OTHER_ACCOUNTS_VIA_RAM', 'SELF']],
    bad: [['OTHER']],
  },
  tagKeys: { good: [[], ['a'], ['a'.repeat(128)]], bad: [[''], ['a'.repeat(129)]] },
  tags: {
    good: [[], [{ TagKey: 'a', TagValue: '' }], [{ TagKey: 'a'.repeat(128), TagValue: 'b'.repeat(256) }]],
    bad: [
      [{ TagKey: 'a' }],
      [{ TagKey: '', TagValue: '' }],
      [{ TagKey: 'a'.repeat(129), TagValue: '' }],
      [{ TagKey: 'a', TagValue: 'b'.repeat(257) }],
    ],
  },
  encryptionContext: { good: [{}, { '': '' }, { constructor: 'a', toString: 'b', é: '\0' }], bad: [] },
  plaintext: { length: [1, 4096], ofLength: base64, good: ['AQI='], bad: [] },
  ciphertextBlob: { length: [1, 6144], ofLength: base64, good: ['AQI='], bad: [] },
  recipient: {
    good: [{}, { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: base64(262_144) }],
    bad: [
      { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
      { AttestationDocument: '' },
      { AttestationDocument: base64(262_145) },
    ],
  },
  dryRunModifiers: { good: [[], ['IGNORE_CIPHERTEXT']], bad: [['IGNORE']] },
  xksProxyAuthenticationCredential: {
    good: [
      { AccessKeyId: 'ABCDEFGHIJKLMNOPQR27', RawSecretAccessKey: 'a'.repeat(43) },
      { AccessKeyId: 'A'.repeat(30), RawSecretAccessKey: 'aZ09/+='.padEnd(64, 'a') },
    ],
    bad: [
      { AccessKeyId: 'A'.repeat(20) },
      { RawSecretAccessKey: 'a'.repeat(43) },
      { AccessKeyId: 'A'.repeat(19), RawSecretAccessKey: 'a'.repeat(43) },
      { AccessKeyId: 'A'.repeat(31), RawSecretAccessKey: 'a'.repeat(43) },
      { AccessKeyId: 'A'.repeat(19) + '1', RawSecretAccessKey: 'a'.repeat(43) },
      { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(42) },
      { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(65) },
      { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: '-'.repeat(43) },
    ],
  },
};

const shapes = Object.entries<z.ZodType | object>(members).flatMap(([name, shape]) => {
  const constraints = CONSTRAINTS[name];
  return shape instanceof z.ZodType && constraints ? [{ name, shape, ...constraints }] : [];
});

it.each([
  ['keySpec', members.keySpec, sdk.KeySpec],
  ['customerMasterKeySpec', members.customerMasterKeySpec, sdk.CustomerMasterKeySpec],
  ['keyUsage', members.keyUsage, sdk.KeyUsageType],
  ['origin', members.origin, sdk.OriginType],
  ['customKeyStoreType', members.customKeyStoreType, sdk.CustomKeyStoreType],
  ['encryptionAlgorithm', members.encryptionAlgorithm, sdk.EncryptionAlgorithmSpec],
  ['dataKeySpec', members.dataKeySpec, sdk.DataKeySpec],
  ['xksProxyConnectivity', members.xksProxyConnectivity, sdk.XksProxyConnectivityType],
])('%s has the values of the AWS SDK', (_name, shape, values) => {
  expect(shape.options.toSorted()).toEqual(Object.values(values).sort());
});

it('every member with constraints is tested', () => {
  expect(shapes.map(({ name }) => name).sort()).toEqual(Object.keys(CONSTRAINTS).sort());
});

function parse(shape: z.ZodType, input: unknown): unknown {
  return parseInput(z.object({ Member: shape }), { Member: input });
}

function expectRefusal(shape: z.ZodType, input: unknown, message: RegExp): void {
  expect(() => parse(shape, input)).toThrow(
    expect.objectContaining({
      name: 'KmsError',
      errorName: 'ValidationException',
      message: expect.stringMatching(message) as string,
    }),
  );
}

it.each(shapes.filter(({ good }) => good.length > 0))('$name accepts valid values', ({ shape, good }) => {
  for (const input of good) expect(() => parse(shape, input)).not.toThrow();
});

it.each(shapes.filter(({ bad }) => bad.length > 0))('$name refuses invalid values', ({ shape, bad }) => {
  const message = /^\d validation errors? detected: Value .*at 'member.*' failed to satisfy constraint: Member must /s;
  for (const input of bad) expectRefusal(shape, input, message);
});

const bounded = shapes.flatMap(({ length, ofLength, ...rest }) =>
  length && ofLength ? [{ length, ofLength, ...rest }] : [],
);

it.each(bounded)('$name accepts lengths within its limits only', ({ shape, length: [min, max], ofLength }) => {
  for (const length of [min, max]) expect(() => parse(shape, ofLength(length))).not.toThrow();
  const message = (bound: string) => new RegExp(`Member must have (length|value) ${bound}(;|$)`);
  expectRefusal(shape, ofLength(max + 1), message(`less than or equal to ${max}`));
  if (min > 0) expectRefusal(shape, ofLength(min - 1), message(`greater than or equal to ${min}`));
});

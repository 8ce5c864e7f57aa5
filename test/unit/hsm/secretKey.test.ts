import { describe, expect, it } from 'vitest';
import { CKA, CKK } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { describeSecretKey } from '../../../src/hsm/pkcs11/keys/secretKey.ts';
import { ulong } from './fakeCryptoki.ts';

describe('keySpec', () => {
  it.each([
    ['AES_256', CKK.AES, 32],
    ['AES_192', CKK.AES, 24],
    ['AES_128', CKK.AES, 16],
    ['CKK_DES3', CKK.DES3, undefined],
    ['CKK_GENERIC_SECRET', CKK.GENERIC_SECRET, 32],
    ['CKK_0x80000001', 0x80000001, 32],
    ['CKK_AES', CKK.AES, undefined],
    ['CKK_UNKNOWN', undefined, 32],
  ])('is %s', (keySpec, keyType, bytes) => {
    const attributes = new Map<number, Buffer>();
    if (keyType !== undefined) attributes.set(CKA.KEY_TYPE, ulong(keyType));
    if (bytes !== undefined) attributes.set(CKA.VALUE_LEN, ulong(bytes));
    expect(describeSecretKey(attributes)).toEqual({ keySpec, keyUsage: [] });
  });

  it('is not read from an attribute with another length', () => {
    const attributes = new Map([
      [CKA.KEY_TYPE, ulong(CKK.AES)],
      [CKA.VALUE_LEN, Buffer.of(32)],
    ]);
    expect(describeSecretKey(attributes).keySpec).toBe('CKK_AES');
  });
});

it.each([
  [Buffer.of(1), Buffer.of(0), true, false],
  [Buffer.of(0), Buffer.of(255), false, true],
  [undefined, undefined, undefined, undefined],
  [Buffer.alloc(0), Buffer.alloc(0), undefined, undefined],
])(
  'protection is read from the attributes of the key, case %#',
  (cka_sensitive, cka_extractable, sensitive, extractable) => {
    const attributes = new Map<number, Buffer>();
    if (cka_sensitive) attributes.set(CKA.SENSITIVE, cka_sensitive);
    if (cka_extractable) attributes.set(CKA.EXTRACTABLE, cka_extractable);
    const description = describeSecretKey(attributes);
    expect([description.sensitive, description.extractable]).toEqual([sensitive, extractable]);
  },
);

it('keyUsage lists usages that are true, and none that are false, empty or missing', () => {
  const attributes = new Map([
    [CKA.DERIVE, Buffer.of(1)],
    [CKA.ENCRYPT, Buffer.of(1)],
    [CKA.DECRYPT, Buffer.of(0)],
    [CKA.SIGN, Buffer.alloc(0)],
    [CKA.WRAP, Buffer.of(1)],
    [CKA.UNWRAP, Buffer.of(1)],
  ]);
  expect(describeSecretKey(attributes).keyUsage).toEqual(['ENCRYPT', 'WRAP', 'UNWRAP', 'DERIVE']);
});

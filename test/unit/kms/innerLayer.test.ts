import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { openInnerLayer, sealInnerLayer } from '../../../src/kms/cryptography/innerLayer.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const kms = new LocalKmsUnderTest();
const key = kms.addKey(kms.addKeyStore().customKeyStoreId);
const context = Buffer.from('context');
const plaintext = Buffer.from('attack at dawn');

it('opens only with the key and the context of its sealing', () => {
  const sealed = sealInnerLayer(key, plaintext, context);
  expect(sealed).toHaveLength(28 + plaintext.length);
  expect(openInnerLayer(key, sealed, context)).toEqual(plaintext);
  expect(() => openInnerLayer({ ...key, keyId: randomUUID() }, sealed, context)).toThrow(/authenticate/);
  const keyMaterial = createSecretKey(randomBytes(32));
  expect(() => openInnerLayer({ ...key, keyMaterial }, sealed, context)).toThrow(/authenticate/);
  expect(() => openInnerLayer(key, sealed, Buffer.from('Context'))).toThrow(/authenticate/);
  expect(() => openInnerLayer(key, sealed, Buffer.alloc(0))).toThrow(/authenticate/);
});

it('does not open if a byte of it is changed or missing', () => {
  const sealed = sealInnerLayer(key, plaintext, context);
  for (let offset = 0; offset < sealed.length; offset += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(offset) ^ 1, offset);
    expect(() => openInnerLayer(key, changed, context)).toThrow(/authenticate/);
    expect(() => openInnerLayer(key, sealed.subarray(0, offset), context)).toThrow();
  }
});

it('does not open with a part of its tag', () => {
  const sealed = sealInnerLayer(key, Buffer.alloc(0), context);
  for (let length = 0; length < sealed.length; length += 1) {
    expect(() => openInnerLayer(key, sealed.subarray(0, length), context)).toThrow();
  }
});

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyManager, Sealed } from '../../src/hsm/keyManager.ts';
import { openPkcs11Administration } from '../../src/hsm/pkcs11/keys/pkcs11Administration.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const knownKey = randomBytes(32);
const noAad = new Uint8Array(0);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let softHsm: SoftHsmFixture;

beforeAll(async () => {
  softHsm = createSoftHsm();
  const { module, tokenLabel, pin } = softHsm;
  const administration = await openPkcs11Administration(
    { module, token: { label: tokenLabel }, pin },
    { modules: new ModuleRegistry() },
  );
  administration.createKey({ label: 'both', usages: ['ENCRYPT', 'DECRYPT'] });
  administration.createKey({ label: 'encrypt-only', usages: ['ENCRYPT'] });
  administration.createKey({ label: 'decrypt-only', usages: ['DECRYPT'] });
  administration.createKey({ label: 'neither', usages: [] });
  administration.createKey({ label: 'short', usages: ['ENCRYPT', 'DECRYPT'], bits: 128 });
  administration.close();
  softHsm.importKey('known', knownKey);
  softHsm.importKey('twice', randomBytes(32));
  softHsm.importKey('twice', randomBytes(32));
});

afterAll(() => {
  softHsm.dispose();
});

describe.each(['none', 'thread'] as const)('a PKCS#11 key manager with isolation: %s', (isolation) => {
  let keyManager: KeyManager;

  beforeAll(async () => {
    const { module, tokenLabel, pin } = softHsm;
    const options = { name: 'softhsm', module, token: { label: tokenLabel }, pin, sessions: 2, timeoutMs: 10_000 };
    keyManager = await openServingKeyManager(
      { ...options, isolation, iv: 'random', gcmParameters: 'v2.40' },
      { modules: new ModuleRegistry(), logger: silent, clock: () => performance.now() },
    );
  });

  afterAll(async () => {
    await keyManager.close();
  });

  describe('round trips', () => {
    const lengths = [0, 1, 16, 4_300].flatMap((plaintext) => [0, 1, 8_195].map((aad) => ({ plaintext, aad })));
    it.each(lengths)('of $plaintext bytes with $aad bytes of AAD', async (length) => {
      const plaintext = randomBytes(length.plaintext);
      const aad = randomBytes(length.aad);
      const sealed = await keyManager.encrypt({ label: 'both' }, plaintext, aad);
      expect(sealed.ciphertext).toHaveLength(length.plaintext);
      expect(sealed.iv).toHaveLength(12);
      expect(sealed.tag).toHaveLength(16);
      expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad))).toEqual(plaintext);
    });

    it('of buffers that are views of larger memory', async () => {
      const memory = new Uint8Array(randomBytes(64));
      const sealed = await keyManager.encrypt({ label: 'known' }, memory.subarray(5, 25), memory.subarray(30, 47));
      expect(opened(sealed, memory.subarray(30, 47))).toEqual(Buffer.from(memory.subarray(5, 25)));
    });
  });

  describe('agrees with another AES-GCM', () => {
    it.each([12, 16])('on ciphertext of the other with an IV of %i bytes', async (ivLength) => {
      const [plaintext, aad, iv] = [randomBytes(100), randomBytes(30), randomBytes(ivLength)];
      const cipher = createCipheriv('aes-256-gcm', knownKey, iv).setAAD(aad);
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const sealed = { ciphertext, iv, tag: cipher.getAuthTag() };
      expect(Buffer.from(await keyManager.decrypt({ label: 'known' }, sealed, aad))).toEqual(plaintext);
    });

    it.each([0, 1, 4_300])('on its own ciphertext of %i bytes', async (length) => {
      const [plaintext, aad] = [randomBytes(length), randomBytes(30)];
      expect(opened(await keyManager.encrypt({ label: 'known' }, plaintext, aad), aad)).toEqual(plaintext);
    });
  });

  it('uses a different IV for each encryption', async () => {
    const sealed = await Promise.all(
      Array.from({ length: 1_000 }, () => keyManager.encrypt({ label: 'both' }, Buffer.from('x'), noAad)),
    );
    expect(new Set(sealed.map(({ iv }) => Buffer.from(iv).toString('hex'))).size).toBe(1_000);
  });

  describe('refuses to decrypt', () => {
    const aad = Buffer.from('aad');
    const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
    const tampered: Record<string, (sealed: Sealed) => [Sealed, Uint8Array]> = {
      'a changed ciphertext': (sealed) => [{ ...sealed, ciphertext: flipped(sealed.ciphertext) }, aad],
      'a shortened ciphertext': (sealed) => [{ ...sealed, ciphertext: sealed.ciphertext.subarray(1) }, aad],
      'no ciphertext': (sealed) => [{ ...sealed, ciphertext: noAad }, aad],
      'a changed IV': (sealed) => [{ ...sealed, iv: flipped(sealed.iv) }, aad],
      'an IV of 11 bytes': (sealed) => [{ ...sealed, iv: sealed.iv.subarray(1) }, aad],
      'an IV of no bytes': (sealed) => [{ ...sealed, iv: noAad }, aad],
      'a changed tag': (sealed) => [{ ...sealed, tag: flipped(sealed.tag) }, aad],
      'a tag of 12 bytes': (sealed) => [{ ...sealed, tag: sealed.tag.subarray(0, 12) }, aad],
      'ciphertext moved into the tag': ({ ciphertext, iv, tag }) => [
        { ciphertext: ciphertext.subarray(0, -1), iv, tag: Buffer.concat([ciphertext.subarray(-1), tag]) },
        aad,
      ],
      'a changed AAD': (sealed) => [sealed, flipped(aad)],
      'a missing AAD': (sealed) => [sealed, noAad],
    };

    it.each(Object.entries(tampered))('%s', async (_, tamper) => {
      const [sealed, otherAad] = tamper(await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad));
      await expect(keyManager.decrypt({ label: 'both' }, sealed, otherAad)).rejects.toMatchObject({
        errorName: 'InvalidCiphertextException',
        message: 'The ciphertext, IV, tag or AAD is not valid for this external key.',
      });
      // The failed operation does not affect the next one in its session.
      const next = await keyManager.encrypt({ label: 'both' }, Buffer.from('next'), aad);
      expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, next, aad)).toString()).toBe('next');
    });

    it('with another key', async () => {
      const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
      await expect(keyManager.decrypt({ label: 'known' }, sealed, aad)).rejects.toMatchObject({
        errorName: 'InvalidCiphertextException',
      });
    });
  });

  describe('describes', () => {
    it.each([
      ['both', 'AES_256', ['ENCRYPT', 'DECRYPT']],
      ['encrypt-only', 'AES_256', ['ENCRYPT']],
      ['decrypt-only', 'AES_256', ['DECRYPT']],
      ['neither', 'AES_256', []],
      ['short', 'AES_128', ['ENCRYPT', 'DECRYPT']],
    ])('the key %s as %s for %j', async (label, keySpec, keyUsage) => {
      expect(await keyManager.describeKey({ label })).toEqual({
        keySpec,
        keyUsage,
        sensitive: true,
        extractable: false,
        private: true,
      });
    });

    it('the token', async () => {
      const description = await keyManager.describe();
      expect(description.id).toMatch(/^[0-9a-f]{16}$/);
      expect(description.vendor).toBe('SoftHSM project');
      expect(description.model).toMatch(/^SoftHSM v2 \(hardware 2\.\d+, firmware 2\.\d+\)$/);
    });
  });

  describe('respects the usage of keys', () => {
    const sealed = { ciphertext: randomBytes(8), iv: randomBytes(12), tag: randomBytes(16) };

    it('encrypts with an encrypt-only key', async () => {
      expect((await keyManager.encrypt({ label: 'encrypt-only' }, Buffer.from('x'), noAad)).ciphertext).toHaveLength(1);
    });

    it('lets the token decrypt with a decrypt-only key', async () => {
      await expect(keyManager.decrypt({ label: 'decrypt-only' }, sealed, noAad)).rejects.toMatchObject({
        errorName: 'InvalidCiphertextException',
      });
    });

    it.each([
      ['encrypt', 'decrypt-only', 'ENCRYPT'],
      ['encrypt', 'neither', 'ENCRYPT'],
      ['decrypt', 'encrypt-only', 'DECRYPT'],
      ['decrypt', 'neither', 'DECRYPT'],
    ] as const)('does not %s with the key %s', async (operation, label, usage) => {
      const outcome =
        operation === 'encrypt'
          ? keyManager.encrypt({ label }, Buffer.from('x'), noAad)
          : keyManager.decrypt({ label }, sealed, noAad);
      await expect(outcome).rejects.toMatchObject({
        errorName: 'InvalidKeyUsageException',
        message: `The external key does not permit ${usage}.`,
      });
    });

    it.each(['encrypt', 'decrypt'] as const)('does not %s with an AES-128 key', async (operation) => {
      const outcome =
        operation === 'encrypt'
          ? keyManager.encrypt({ label: 'short' }, Buffer.from('x'), noAad)
          : keyManager.decrypt({ label: 'short' }, sealed, noAad);
      await expect(outcome).rejects.toMatchObject({
        errorName: 'InvalidKeyUsageException',
        message: 'The external key is AES_128: only AES_256 can be used.',
      });
    });
  });

  describe('finds keys by their label', () => {
    it('and reports a missing key', async () => {
      const expected = {
        errorName: 'KeyNotFoundException',
        detail: expect.stringContaining('"absent"') as unknown,
      };
      await expect(keyManager.describeKey({ label: 'absent' })).rejects.toMatchObject(expected);
      await expect(keyManager.encrypt({ label: 'absent' }, Buffer.from('x'), noAad)).rejects.toMatchObject(expected);
    });

    it('and refuses to choose between two', async () => {
      const expected = {
        errorName: 'InternalException',
        message: 'The key manager has several keys for this external key.',
        detail: expect.stringContaining('"twice"') as unknown,
      };
      await expect(keyManager.describeKey({ label: 'twice' })).rejects.toMatchObject(expected);
      await expect(keyManager.encrypt({ label: 'twice' }, Buffer.from('x'), noAad)).rejects.toMatchObject(expected);
    });

    it('while they exist, even if they are made later', async () => {
      const label = `late-${isolation}`;
      await expect(keyManager.describeKey({ label })).rejects.toMatchObject({ errorName: 'KeyNotFoundException' });
      softHsm.importKey(label, knownKey);
      expect(opened(await keyManager.encrypt({ label }, Buffer.from('x'), noAad), noAad).toString()).toBe('x');
      softHsm.destroyKey(label);
      await expect(keyManager.encrypt({ label }, Buffer.from('x'), noAad)).rejects.toMatchObject({
        errorName: 'KeyNotFoundException',
      });
    });
  });
});

function opened({ ciphertext, iv, tag }: Sealed, aad: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', knownKey, iv).setAAD(aad).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

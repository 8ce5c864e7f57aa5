import { expect, it } from 'vitest';
import { CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { ServingKeyManager } from '../../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { FakeCryptoki, openFake } from './fakeCryptoki.ts';

const key = { label: 'key' };
const [plaintext, aad] = [Buffer.from('plaintext'), Buffer.from('aad')];
const fields = { aad, ciphertextMetadata: Buffer.alloc(0) };
const sealed = { ciphertext: Buffer.alloc(20), iv: Buffer.alloc(12), tag: Buffer.alloc(16) };
const invalid = { errorName: 'InvalidCiphertextException' };
const internal = { errorName: 'InternalException' };

function setUp() {
  const cryptoki = new FakeCryptoki();
  cryptoki.keys = ['key', 'xks-health'];
  cryptoki.encryptAnswer = ({ input }) => Buffer.concat([input, Buffer.alloc(16)]);
  cryptoki.decryptAnswer = ({ input }) => Buffer.from(input.subarray(0, -16));
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const keyManager = new ServingKeyManager(
    {
      name: 'fake',
      sessions: 1,
      timeoutMs: 1_000,
      isolation: 'thread',
      iv: 'random',
      gcmParameters: 'v2.40',
      healthKey: 'xks-health',
    },
    openFake(cryptoki),
    { logger, clock: () => performance.now() },
  );
  return { cryptoki, keyManager };
}

const ANSWERS = [CKR.GENERAL_ERROR, CKR.FUNCTION_FAILED, CKR.ENCRYPTED_DATA_INVALID, CKR.AEAD_DECRYPT_FAILED];

it.each(ANSWERS)(
  'if an HSM answers 0x%s to its own ciphertexts, that answer about client ciphertexts is not trusted',
  async (code) => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failing.set('C_Decrypt', code);
    await expect(keyManager.decrypt(key, sealed, aad)).rejects.toMatchObject(invalid);
    await expect(keyManager.checkHealth()).rejects.toMatchObject(internal);
    await expect(keyManager.decrypt(key, sealed, aad)).rejects.toMatchObject({
      ...internal,
      message: 'The key manager cannot decrypt at present.',
    });
  },
);

it('an Encrypt with a CDIV detects it too', async () => {
  const { cryptoki, keyManager } = setUp();
  cryptoki.failing.set('C_Decrypt', CKR.GENERAL_ERROR);
  await expect(keyManager.encryptWithCdiv(key, plaintext, fields)).rejects.toMatchObject(internal);
  await expect(keyManager.decrypt(key, sealed, aad)).rejects.toMatchObject(internal);
});

it.each([
  ['a health check', (keyManager: ServingKeyManager) => keyManager.checkHealth()],
  ['an Encrypt with a CDIV', (keyManager: ServingKeyManager) => keyManager.encryptWithCdiv(key, plaintext, fields)],
  ['a Decrypt', (keyManager: ServingKeyManager) => keyManager.decrypt(key, sealed, aad)],
])('it is trusted again after %s has worked', async (_, work) => {
  const { cryptoki, keyManager } = setUp();
  cryptoki.failing.set('C_Decrypt', CKR.GENERAL_ERROR);
  await expect(keyManager.checkHealth()).rejects.toMatchObject(internal);
  cryptoki.failing.clear();
  await work(keyManager);
  cryptoki.failNext('C_Decrypt', CKR.GENERAL_ERROR);
  await expect(keyManager.decrypt(key, sealed, aad)).rejects.toMatchObject(invalid);
});

it('closes the session in which the check of an encryption failed', async () => {
  const { cryptoki, keyManager } = setUp();
  cryptoki.failNext('C_Decrypt', CKR.GENERAL_ERROR);
  await expect(keyManager.encryptWithCdiv(key, plaintext, fields)).rejects.toMatchObject(internal);
  expect(cryptoki.count('C_CloseSession')).toBe(1);
});

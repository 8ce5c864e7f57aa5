import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyManager, Sealed } from '../../src/hsm/keyManager.ts';
import { openPkcs11Administration } from '../../src/hsm/pkcs11/keys/pkcs11Administration.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import type { Pkcs11Options } from '../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { Secret } from '../../src/secret.ts';
import { createNssSoftoken, type NssSoftoken } from '../modules/nssSoftoken.ts';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';

const knownKey = randomBytes(32);
const aad = randomBytes(30);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let nss: NssSoftoken;
// A module in front of NSS, which counts calls and closes sessions.
let front: FaultyModule;

beforeAll(async () => {
  nss = createNssSoftoken();
  front = createFaultyModule({ module: nss.module, env: {} });
  const administration = await openPkcs11Administration(tokenOptions(), { modules: new ModuleRegistry() });
  administration.createKey({ label: 'both', usages: ['ENCRYPT', 'DECRYPT'] });
  administration.createKey({ label: 'encrypt-only', usages: ['ENCRYPT'] });
  administration.createKey({ label: 'short', usages: ['ENCRYPT', 'DECRYPT'], bits: 128 });
  withPkcs11((pkcs11, session) => {
    pkcs11.C_CreateObject(session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_PRIVATE, value: true },
      { type: pkcs11js.CKA_ENCRYPT, value: true },
      { type: pkcs11js.CKA_DECRYPT, value: true },
      { type: pkcs11js.CKA_LABEL, value: 'known' },
      { type: pkcs11js.CKA_VALUE, value: knownKey },
    ]);
  });
  administration.close();
});

afterAll(() => {
  front.dispose();
  nss.dispose();
});

function tokenOptions() {
  const { parameters: initializeParameters, tokenLabel: label, pin } = nss;
  return { module: front.module, initializeParameters, token: { label }, pin };
}

function open(options: Partial<Pkcs11Options> = {}): Promise<KeyManager> {
  return openServingKeyManager(
    {
      name: 'nss',
      ...tokenOptions(),
      sessions: 2,
      timeoutMs: 10_000,
      isolation: 'none',
      iv: 'random',
      gcmParameters: 'v2.40',
      ...options,
    },
    { modules: new ModuleRegistry(), logger: silent, clock: () => performance.now() },
  );
}

/** Opens a session for `use`. Another user of the module has initialised it and logged in. */
function withPkcs11(use: (pkcs11: pkcs11js.PKCS11, session: Buffer) => void): void {
  const pkcs11 = new pkcs11js.PKCS11();
  pkcs11.load(front.module);
  const [slot] = pkcs11.C_GetSlotList(true);
  if (!slot) throw new Error('There is no token');
  const session = pkcs11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  use(pkcs11, session);
  pkcs11.C_CloseSession(session);
}

describe.each(['none', 'thread'] as const)('NSS softoken with isolation: %s', (isolation) => {
  let keyManager: KeyManager;

  beforeEach(async () => {
    keyManager = await open({ isolation });
  });

  afterEach(async () => {
    await keyManager.close();
  });

  it('describes itself and its keys', async () => {
    const isProtected = { sensitive: true, extractable: false, private: true };
    expect(await keyManager.describe()).toMatchObject({ vendor: 'Mozilla Foundation' });
    expect(await keyManager.describeKey({ label: 'both' })).toEqual({
      keySpec: 'AES_256',
      keyUsage: ['ENCRYPT', 'DECRYPT'],
      ...isProtected,
    });
    expect(await keyManager.describeKey({ label: 'encrypt-only' })).toEqual({
      keySpec: 'AES_256',
      keyUsage: ['ENCRYPT'],
      ...isProtected,
    });
    expect(await keyManager.describeKey({ label: 'short' })).toMatchObject({ keySpec: 'AES_128' });
    await expect(keyManager.describeKey({ label: 'absent' })).rejects.toMatchObject({
      errorName: 'KeyNotFoundException',
    });
  });

  it.each([0, 1, 16, 4_300])('decrypts its own ciphertext of %i bytes', async (length) => {
    const plaintext = randomBytes(length);
    const sealed = await keyManager.encrypt({ label: 'both' }, plaintext, aad);
    expect(sealed.ciphertext).toHaveLength(length);
    expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad))).toEqual(plaintext);
  });

  it.each([0, 100])('agrees with another AES-GCM on %i bytes', async (length) => {
    const plaintext = randomBytes(length);
    const { ciphertext, iv, tag } = await keyManager.encrypt({ label: 'known' }, plaintext, aad);
    const decipher = createDecipheriv('aes-256-gcm', knownKey, iv).setAAD(aad).setAuthTag(tag);
    expect(Buffer.concat([decipher.update(ciphertext), decipher.final()])).toEqual(plaintext);
  });

  it.each([12, 16])('decrypts a ciphertext of another AES-GCM with an IV of %i bytes', async (ivLength) => {
    const [plaintext, iv] = [randomBytes(100), randomBytes(ivLength)];
    const cipher = createCipheriv('aes-256-gcm', knownKey, iv).setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const opened = await keyManager.decrypt({ label: 'known' }, { ciphertext, iv, tag: cipher.getAuthTag() }, aad);
    expect(Buffer.from(opened)).toEqual(plaintext);
  });

  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
  const tampered: Record<string, (sealed: Sealed) => [Sealed, Uint8Array]> = {
    ciphertext: (sealed) => [{ ...sealed, ciphertext: flipped(sealed.ciphertext) }, aad],
    'length of the ciphertext': (sealed) => [{ ...sealed, ciphertext: sealed.ciphertext.subarray(1) }, aad],
    'ciphertext, which is now empty': (sealed) => [{ ...sealed, ciphertext: new Uint8Array(0) }, aad],
    IV: (sealed) => [{ ...sealed, iv: flipped(sealed.iv) }, aad],
    tag: (sealed) => [{ ...sealed, tag: flipped(sealed.tag) }, aad],
    AAD: (sealed) => [sealed, flipped(aad)],
    'AAD, which is now empty': (sealed) => [sealed, new Uint8Array(0)],
  };

  it.each(Object.entries(tampered))('refuses a changed %s', async (_, tamper) => {
    const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
    await expect(keyManager.decrypt({ label: 'both' }, ...tamper(sealed))).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
    });
    expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad)).toString()).toBe('plaintext');
  });

  it('refuses the ciphertext of another key', async () => {
    const sealed = await keyManager.encrypt({ label: 'known' }, Buffer.from('plaintext'), aad);
    await expect(keyManager.decrypt({ label: 'both' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
    });
  });

  it('serves many operations at once', async () => {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const plaintext = randomBytes(50);
        const sealed = await keyManager.encrypt({ label: 'both' }, plaintext, aad);
        expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad))).toEqual(plaintext);
      }),
    );
  });

  it('decrypts after a restart the ciphertext from before', async () => {
    const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
    const starts = front.counts().get('C_Initialize') ?? 0;
    const stops = front.counts().get('C_Finalize') ?? 0;
    await keyManager.close();
    keyManager = await open({ isolation });
    expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad)).toString()).toBe('plaintext');
    expect(front.counts().get('C_Finalize')).toBe(stops + 1);
    expect(front.counts().get('C_Initialize')).toBe(starts + 1);
  });

  it.each(['close-session', 'log-out'] as const)('continues to serve after %s', async (does) => {
    const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
    front.inject({ on: 'C_DecryptInit', does, times: 1 });
    expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad)).toString()).toBe('plaintext');
  });
});

it('refuses a wrong PIN after one try', async () => {
  const before = front.counts().get('C_Login') ?? 0;
  await expect(open({ pin: new Secret('wrong-pin') })).rejects.toThrow('C_Login answered CKR_PIN_INCORRECT (0xa0)');
  expect(front.counts().get('C_Login')).toBe(before + 1);
});

it('has no check values, which does not matter', async () => {
  const administration = await openPkcs11Administration(tokenOptions(), { modules: new ModuleRegistry() });
  const both = administration.listKeys().find(({ label }) => label === 'both');
  administration.close();
  expect(both).toMatchObject({ keySpec: 'AES_256', sensitive: true });
  expect(both?.checkValue).toBeUndefined();
});

it('works without a module in front', async () => {
  const keyManager = await open({ module: nss.module });
  const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
  expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad)).toString()).toBe('plaintext');
  await keyManager.close();
});

it('reads CK_GCM_PARAMS with and without ulIvBits', async () => {
  const [v240, v220] = [await open(), await open({ gcmParameters: 'v2.20' })];
  const sealed = await v220.encrypt({ label: 'known' }, Buffer.from('plaintext'), aad);
  expect(Buffer.from(await v240.decrypt({ label: 'known' }, sealed, aad)).toString()).toBe('plaintext');
  expect(Buffer.from(await v220.decrypt({ label: 'known' }, sealed, aad)).toString()).toBe('plaintext');
  await v240.close();
  await v220.close();
});

it('is initialised again after it was finalized', async () => {
  const keyManager = await open();
  const beside = new pkcs11js.PKCS11(front.module);
  beside.C_Finalize();
  const sealed = await keyManager.encrypt({ label: 'both' }, Buffer.from('plaintext'), aad);
  expect(Buffer.from(await keyManager.decrypt({ label: 'both' }, sealed, aad)).toString()).toBe('plaintext');
  await keyManager.close();
});

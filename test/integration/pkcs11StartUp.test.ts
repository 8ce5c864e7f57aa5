import { randomBytes } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyManager } from '../../src/hsm/keyManager.ts';
import { findToken } from '../../src/hsm/pkcs11/token/findToken.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import type { Pkcs11Options } from '../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { Secret } from '../../src/secret.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

let softHsm: SoftHsmFixture;
const modules = new ModuleRegistry();
const noAad = new Uint8Array(0);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', randomBytes(32));
  softHsm.addToken('second');
  softHsm.addToken('twin');
  softHsm.addToken('twin');
  softHsm.addTokenWithoutUserPin('no-pin');
});

afterAll(() => {
  softHsm.dispose();
});

function open(options: Partial<Pkcs11Options>): Promise<KeyManager> {
  return openServingKeyManager(
    {
      name: 'softhsm',
      module: softHsm.module,
      token: { label: softHsm.tokenLabel },
      pin: softHsm.pin,
      sessions: 2,
      isolation: 'none',
      iv: 'random',
      gcmParameters: 'v2.40',
      timeoutMs: 10_000,
      ...options,
    },
    { modules, logger: silent, clock: () => performance.now() },
  );
}

describe('a token is selected', () => {
  it('by its serial number or slot', async () => {
    const { cryptoki, release } = await modules.open(softHsm.module);
    const { serial, slot } = findToken(cryptoki.tokens(), { label: softHsm.tokenLabel });
    for (const token of [{ serial }, { slot }]) {
      const keyManager = await open({ token });
      expect((await keyManager.describe()).id).toBe(serial);
      expect(await keyManager.describeKey({ label: 'key' })).toMatchObject({ keySpec: 'AES_256' });
      await keyManager.close();
    }
    release();
  });
});

describe('start-up fails with advice', () => {
  const cases: Record<string, [() => Partial<Pkcs11Options>, RegExp]> = {
    'without the module': [
      () => ({ module: '/nowhere/libpkcs11.so' }),
      /^There is no PKCS#11 module \/nowhere\/libpkcs11\.so\. Install/,
    ],
    'with a file that is not a module': [
      () => ({ module: import.meta.filename }),
      /pkcs11StartUp\.test\.ts cannot be loaded: .+\. It must be the vendor's PKCS#11 library/,
    ],
    'without a token with the given label': [
      () => ({ token: { label: 'xks' } }),
      /^There is no token with the label "xks"\. The module has: (?=.*"first" \(serial [0-9a-f]+, slot \d+\))(?=.*"second" \()/,
    ],
    'without a token with the given serial number': [
      () => ({ token: { serial: 'f00' } }),
      /^There is no token with the serial number "f00"\. The module has: .*"first"/,
    ],
    'without a token in the given slot': [
      () => ({ token: { slot: 999n } }),
      /^There is no token with the slot 999\. The module has: .*"first"/,
    ],
    'with two tokens with the given label': [
      () => ({ token: { label: 'twin' } }),
      /^2 tokens have the label "twin": "twin" \(.+\), "twin" \(.+\)\. Select one by serial or slot\.$/,
    ],
    'without a user PIN on the token': [
      () => ({ token: { label: 'no-pin' } }),
      /^No user PIN is set on token "no-pin"\..+\(C_Login answered CKR_USER_PIN_NOT_INITIALIZED \(0x102\)\)$/,
    ],
    'with a wrong PIN': [
      () => ({ pin: new Secret('wrong-pin') }),
      /^The PIN was refused by token "first"\. It was tried once\. .+\(C_Login answered CKR_PIN_INCORRECT \(0xa0\)\)$/,
    ],
  };

  it.each(Object.entries(cases))('%s', async (_, [options, message]) => {
    const outcome = await open(options()).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ name: 'Pkcs11Failure', message: expect.stringMatching(message) as unknown });
    expect(String((outcome as Error).stack)).not.toContain('wrong-pin');
  });

  it('and does not prevent the next start', async () => {
    const keyManager = await open({});
    expect((await keyManager.encrypt({ label: 'key' }, Buffer.from('x'), noAad)).ciphertext).toHaveLength(1);
    await keyManager.close();
  });
});

describe('key managers of one process', () => {
  it('must have the same initializeParameters for a module', async () => {
    const first = await open({});
    await expect(open({ initializeParameters: 'x' })).rejects.toMatchObject({
      name: 'Pkcs11Failure',
      message: expect.stringContaining('is in use with other initializeParameters') as unknown,
    });
    await first.close();
  });

  it('share a module for two tokens, even under two names, until the last one closes', async () => {
    const link = join(dirname(softHsm.env.SOFTHSM2_CONF), 'link.so');
    symlinkSync(softHsm.module, link);
    const first = await open({});
    const second = await open({ token: { label: 'second' }, module: link });
    expect((await first.describe()).id).not.toBe((await second.describe()).id);
    await expect(second.describeKey({ label: 'key' })).rejects.toMatchObject({ errorName: 'KeyNotFoundException' });
    await second.close();
    expect((await first.encrypt({ label: 'key' }, Buffer.from('x'), noAad)).ciphertext).toHaveLength(1);
    await first.close();
    await expect(first.encrypt({ label: 'key' }, Buffer.from('x'), noAad)).rejects.toMatchObject({
      errorName: 'InternalException',
      message: 'The key manager is closed.',
    });
  });

  it('share a token and its login', async () => {
    const [one, other] = [await open({}), await open({ isolation: 'thread' })];
    await one.close();
    const sealed = await other.encrypt({ label: 'key' }, Buffer.from('x'), noAad);
    expect(Buffer.from(await other.decrypt({ label: 'key' }, sealed, noAad)).toString()).toBe('x');
    await other.close();
  });

  it('use a module that others have initialised, and leave it initialised', async () => {
    const elsewhere = await new ModuleRegistry().open(softHsm.module);
    await (await open({})).close();
    expect(elsewhere.cryptoki.tokens().map(({ label }) => label)).toContain('first');
    elsewhere.release();
  });
});

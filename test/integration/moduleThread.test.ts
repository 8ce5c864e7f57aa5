import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyManager } from '../../src/hsm/keyManager.ts';
import type { Pkcs11Options } from '../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { KeyManagerFactory } from '../../src/hsm/pkcs11/keyManagerFactory.ts';
import { RefusedPins } from '../../src/hsm/pkcs11/token/refusedPins.ts';
import { IsolatedModule } from '../../src/hsm/pkcs11/thread/isolatedModule.ts';
import { Secret } from '../../src/secret.ts';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const aad = randomBytes(20);
const late = { errorName: 'DependencyTimeoutException', message: 'The key manager did not answer in time.' };
const internal = { errorName: 'InternalException' };
const [info, warn, error] = [vi.fn(), vi.fn(), vi.fn()];
const dependencies = { logger: { info, warn, error }, clock: () => performance.now() };
const ignore = () => undefined;

let softHsm: SoftHsmFixture;
let faulty: FaultyModule;
let keyManagers: KeyManagerFactory;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', randomBytes(32));
  softHsm.importKey('encrypt-only', randomBytes(32), [{ type: pkcs11js.CKA_DECRYPT, value: false }]);
});

beforeEach(() => {
  // The thread of another test may still be ending, so each test has its own copy of the module.
  faulty = createFaultyModule({ ...softHsm, separate: true });
});

afterEach(async () => {
  faulty.clear();
  await keyManagers.close();
  for (const log of [info, warn, error]) log.mockReset();
  faulty.dispose();
});

afterAll(() => {
  softHsm.dispose();
});

function optionsOf(given: Partial<Pkcs11Options> = {}): Pkcs11Options {
  const { tokenLabel, pin } = softHsm;
  const gcm = { isolation: 'thread', iv: 'random', gcmParameters: 'v2.40' } as const;
  const sessions = { sessions: 2, timeoutMs: 30_000 };
  return { name: 'hsm', module: faulty.module, token: { label: tokenLabel }, pin, ...sessions, ...gcm, ...given };
}

async function open(...given: Partial<Pkcs11Options>[]): Promise<KeyManager[]> {
  const all = given.map(optionsOf);
  keyManagers = new KeyManagerFactory(dependencies);
  const opened: KeyManager[] = [];
  // One after another: several copies of SoftHSM in one process have no locks between them.
  for (const options of all) opened.push(await keyManagers.open(options, ignore));
  return opened;
}

async function openOne(given: Partial<Pkcs11Options> = {}): Promise<KeyManager> {
  const [keyManager] = await open(given);
  if (!keyManager) throw new Error('no key manager was opened');
  return keyManager;
}

async function roundTrip(keyManager: KeyManager): Promise<void> {
  const plaintext = randomBytes(50);
  const sealed = await keyManager.encrypt({ label: 'key' }, plaintext, aad);
  expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, sealed, aad))).toEqual(plaintext);
}

function backAgain(keyManager: KeyManager): Promise<void> {
  return vi.waitFor(() => roundTrip(keyManager), { timeout: 20_000 });
}

function count(name: string): number {
  return faulty.counts().get(name) ?? 0;
}

describe('a key manager in a thread', () => {
  it('works like a key manager in the main thread', async () => {
    const keyManager = await openOne({ healthKey: 'health' });
    expect(info).toHaveBeenCalledExactlyOnceWith({ keyManager: 'hsm', label: 'health' }, 'created the health key');
    await Promise.all(Array.from({ length: 50 }, () => roundTrip(keyManager)));
    // These arrays are views of larger memory, as in requests.
    const memory = randomBytes(100);
    const sealed = await keyManager.encrypt({ label: 'key' }, memory.subarray(3, 13), memory.subarray(20, 50));
    expect(sealed.iv.buffer.byteLength).toBe(12);
    expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, sealed, memory.subarray(20, 50)))).toEqual(
      memory.subarray(3, 13),
    );
    expect(await keyManager.describeKey({ label: 'encrypt-only' })).toMatchObject({ keySpec: 'AES_256' });
    expect((await keyManager.describe()).vendor).toBe('SoftHSM project');
    await keyManager.close();
    expect(count('C_Finalize')).toBe(1);
    await expect(roundTrip(keyManager)).rejects.toMatchObject({ ...internal, message: 'The key manager is closed.' });
  });

  it.each(['thread', 'none'] as const)('describes many keys with one listing (isolation: %s)', async (isolation) => {
    const absent = Array.from({ length: 30 }, (_, index) => ({ label: `absent-${index}` }));
    const keyManager = await openOne({ isolation });
    const before = count('C_FindObjectsInit');
    const [first, second, ...rest] = await keyManager.describeKeys([
      { label: 'key' },
      { label: 'encrypt-only' },
      ...absent,
    ]);
    expect(first?.description).toMatchObject({ keySpec: 'AES_256' });
    expect(second?.description?.keyUsage).not.toContain('DECRYPT');
    expect(rest.map(({ failure }) => failure)).toEqual(
      absent.map(({ label }) => ({
        errorName: 'KeyNotFoundException',
        message: 'The key manager does not have this external key.',
        detail: `no secret key of the token has the label "${label}"`,
      })),
    );
    // One search each for the first key, the list, the first missing key, and the first key that was found.
    expect(count('C_FindObjectsInit')).toBe(before + 4);
    await keyManager.close();
  });

  it('fails like a key manager in the main thread', async () => {
    const keyManager = await openOne();
    const sealed = await keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, randomBytes(3))).rejects.toMatchObject({
      name: 'XksError',
      errorName: 'InvalidCiphertextException',
      message: 'The ciphertext, IV, tag or AAD is not valid for this external key.',
      detail: 'C_Decrypt answered CKR_GENERAL_ERROR (0x5)',
    });
    await expect(keyManager.describeKey({ label: 'absent' })).rejects.toMatchObject({
      errorName: 'KeyNotFoundException',
      detail: 'no secret key of the token has the label "absent"',
    });
    await expect(keyManager.decrypt({ label: 'encrypt-only' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidKeyUsageException',
      message: 'The external key does not permit DECRYPT.',
    });
    await keyManager.close();
  });

  it('logs repairs', async () => {
    const keyManager = await openOne();
    await roundTrip(keyManager);
    faulty.inject({ on: 'C_EncryptInit', does: 'close-all-sessions', times: 1 });
    await roundTrip(keyManager);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ keyManager: 'hsm' }),
      expect.stringContaining('trying again with new ones'),
    );
    await keyManager.close();
  });

  it('reports that it has no free session, and not that it hangs, when it is busy', async () => {
    const keyManager = await openOne({ sessions: 1, timeoutMs: 10_000 });
    await roundTrip(keyManager);
    const lift = faulty.inject({ on: 'C_Encrypt', does: 'hang', times: 1 });
    const running = keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad);
    await expect(
      keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad, performance.now() + 4_000),
    ).rejects.toMatchObject({
      errorName: 'ThrottlingException',
      message: 'The key manager has no free session in time.',
    });
    lift();
    await running;
    await keyManager.close();
  });
});

describe.each(['C_GenerateRandom', 'C_EncryptInit', 'C_FindObjectsInit', 'C_OpenSession'] as const)(
  'while %s hangs',
  (functionName) => {
    it('the main thread continues, operations end in time, and the module does no work for operations that ended', async () => {
      const keyManager = await openOne({ timeoutMs: 1_000 });
      const lift = faulty.inject({ on: functionName, does: 'hang' });
      await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject(late);
      await expect(keyManager.describe()).rejects.toMatchObject(late);
      await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject(late);
      lift();
      await vi.waitFor(() => keyManager.describe(), { timeout: 20_000 });
      expect(count('C_Encrypt')).toBeLessThanOrEqual(1);
      await backAgain(keyManager);
      await keyManager.close();
    });
  },
);

describe('while C_Login hangs', () => {
  it('during a repair, another module can be used', async () => {
    const other = createFaultyModule({ ...softHsm, separate: true });
    const [keyManager, replica] = (await open({ timeoutMs: 1_000 }, { name: 'replica', module: other.module })) as [
      KeyManager,
      KeyManager,
    ];
    await roundTrip(keyManager);
    const lift = faulty.inject(
      { on: 'C_EncryptInit', does: 'close-all-sessions', times: 1 },
      { on: 'C_Login', does: 'hang' },
    );
    await expect(roundTrip(keyManager)).rejects.toMatchObject(late);
    await roundTrip(replica);
    lift();
    await backAgain(keyManager);
    await Promise.all([keyManager.close(), replica.close()]);
    await keyManagers.close();
    other.dispose();
  });

  it('the number of waiting requests is limited', async () => {
    const keyManager = await openOne({ timeoutMs: 1_000 });
    const lift = faulty.inject({ on: 'C_OpenSession', does: 'hang' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2_060 }, () => keyManager.describeKey({ label: 'key' })),
    );
    const names = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as { errorName: string }).errorName : 'served',
    );
    expect(names.filter((name) => name === 'DependencyTimeoutException')).toHaveLength(2_048);
    expect(names.filter((name) => name === 'ThrottlingException')).toHaveLength(12);
    // The limit holds until the module has answered these requests, however late.
    await expect(keyManager.describeKey({ label: 'key' })).rejects.toMatchObject({ errorName: 'ThrottlingException' });
    lift();
    await backAgain(keyManager);
    await keyManager.close();
  });

  it('during the opening of one key manager, key managers of other modules can open', async () => {
    const other = createFaultyModule({ ...softHsm, separate: true });
    const lift = faulty.inject({ on: 'C_Login', does: 'hang' });
    const all = [optionsOf(), optionsOf({ name: 'replica', module: other.module, isolation: 'none' })] as const;
    keyManagers = new KeyManagerFactory(dependencies);
    const opening = keyManagers.open(all[0], ignore);
    const replica = await keyManagers.open(all[1], ignore);
    await roundTrip(replica);
    lift();
    const keyManager = await opening;
    await roundTrip(keyManager);
    await Promise.all([keyManager.close(), replica.close()]);
    other.dispose();
  });

  it('close ends in time, and warns that the module does not answer', async () => {
    const keyManager = await openOne({ timeoutMs: 100 });
    const lift = faulty.inject({ on: 'C_OpenSession', does: 'hang' });
    await expect(keyManager.describeKey({ label: 'key' })).rejects.toMatchObject(late);
    await keyManager.close();
    expect(warn).toHaveBeenCalledExactlyOnceWith({ keyManager: 'hsm' }, expect.stringContaining('does not answer'));
    await keyManagers.close();
    lift();
  });
});

describe('key managers of one module', () => {
  it('share one thread', async () => {
    const [one, other] = (await open({ name: 'one', timeoutMs: 10_000 }, { name: 'other', timeoutMs: 1_000 })) as [
      KeyManager,
      KeyManager,
    ];
    expect(count('C_Initialize')).toBe(1);
    await Promise.all([roundTrip(one), roundTrip(other)]);
    const lift = faulty.inject({ on: 'C_Encrypt', does: 'hang', times: 1 });
    // In the main thread, this call could never end.
    await expect(other.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject(late);
    lift();
    await Promise.all([backAgain(one), backAgain(other)]);
    await Promise.all([one.close(), other.close()]);
    expect(count('C_Finalize')).toBe(1);
  });

  it.each([
    ['thread', 'none'],
    ['none', 'thread'],
  ] as const)(
    'are not opened if the module is in use with isolation: %s and they have isolation: %s',
    async (inUse, isolation) => {
      const keyManager = await openOne({ isolation: inUse });
      await expect(keyManagers.open(optionsOf({ name: 'other', isolation }), ignore)).rejects.toMatchObject({
        name: 'Pkcs11Failure',
        message: `The PKCS#11 module ${faulty.module} is in use with isolation: ${inUse}. Another isolation needs a restart.`,
      });
      await roundTrip(keyManager);
      await keyManager.close();
    },
  );

  it('try a wrong PIN of their token only once', async () => {
    const pin = new Secret('wrong-pin');
    const all = [optionsOf({ pin }), optionsOf({ name: 'second', pin })] as const;
    keyManagers = new KeyManagerFactory(dependencies);
    for (const options of [...all, ...all]) {
      const failure: unknown = await keyManagers.open(options, ignore).catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({
        name: 'Pkcs11Failure',
        pinRefused: true,
        message: expect.stringContaining('The PIN was refused by token "first"') as unknown,
      });
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('wrong-pin');
    }
    expect(count('C_Login')).toBe(1);
  });
});

describe('a thread that dies', () => {
  const script = new URL('../support/mortalThread.ts', import.meta.url);

  it('is reported without its message, fails its operations, and is replaced by a new thread', async () => {
    keyManagers = new KeyManagerFactory(dependencies);
    const module = new IsolatedModule(faulty.module, { ...dependencies, refusedPins: new RefusedPins(), script });
    const gone = Promise.withResolvers<unknown>();
    const keyManager = await module.open(optionsOf(), () => {
      gone.resolve(undefined);
    });
    await roundTrip(keyManager);
    const hang = faulty.inject({ on: 'C_Encrypt', does: 'delay', milliseconds: 20 });
    const running = expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject({
      ...internal,
      message: 'The key manager cannot be used at present.',
      detail: 'the thread of its PKCS#11 module has ended',
    });
    await expect(keyManager.describeKey({ label: 'die' })).rejects.toMatchObject(internal);
    await running;
    hang();
    await gone.promise;
    const detail = expect.stringMatching(/^TypeError at /) as string;
    expect(error).toHaveBeenCalledExactlyOnceWith({ detail }, 'A PKCS#11 thread failed');
    expect(JSON.stringify(error.mock.calls)).not.toContain('shown');
    await expect(roundTrip(keyManager)).rejects.toMatchObject(internal);

    const before = { initialized: count('C_Initialize'), finalized: count('C_Finalize') };
    const again = await module.open(optionsOf(), ignore);
    await roundTrip(again);
    // The new thread finalizes the state that the first one left in the module.
    expect(count('C_Finalize')).toBe(before.finalized + 1);
    expect(count('C_Initialize')).toBe(before.initialized + 2);
    await again.close();
    expect(await module.end(1_000)).toBe(true);
  });

  it('leaves its refused PINs known to the next thread', async () => {
    keyManagers = new KeyManagerFactory(dependencies);
    const module = new IsolatedModule(faulty.module, { ...dependencies, refusedPins: new RefusedPins(), script });
    const wrong = optionsOf({ name: 'wrong', pin: new Secret('wrong-pin') });
    await expect(module.open(wrong, ignore)).rejects.toMatchObject({ pinRefused: true });
    const gone = Promise.withResolvers<unknown>();
    const keyManager = await module.open(optionsOf(), () => {
      gone.resolve(undefined);
    });
    await expect(keyManager.describeKey({ label: 'die' })).rejects.toMatchObject(internal);
    await gone.promise;
    const logins = count('C_Login');
    await expect(module.open(wrong, ignore)).rejects.toMatchObject({ pinRefused: true });
    expect(count('C_Login')).toBe(logins);
    await module.end(1_000);
  });
});

import { randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyManager } from '../../src/hsm/keyManager.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { XksError } from '../../src/xks/errors.ts';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const internal = { errorName: 'InternalException' };
const deviceRemoved: Fault = { on: '*', does: 'answer', code: pkcs11js.CKR_DEVICE_REMOVED };
const [warn, error] = [vi.fn(), vi.fn()];

let softHsm: SoftHsmFixture;
let faulty: FaultyModule;
let modules: ModuleRegistry;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', randomBytes(32));
  softHsm.addToken('other');
  faulty = createFaultyModule(softHsm);
});

beforeEach(() => {
  modules = new ModuleRegistry();
});

afterEach(() => {
  faulty.clear();
  warn.mockReset();
  error.mockReset();
});

afterAll(() => {
  faulty.dispose();
  softHsm.dispose();
});

type Isolation = 'none' | 'thread';

function open({
  isolation,
  timeoutMs = 2_000,
  token = softHsm.tokenLabel,
}: {
  isolation: Isolation;
  timeoutMs?: number;
  token?: string;
}) {
  const { pin } = softHsm;
  const gcm = { isolation, iv: 'random', gcmParameters: 'v2.40' } as const;
  return openServingKeyManager(
    { name: 'faulty', module: faulty.module, token: { label: token }, pin, sessions: 4, timeoutMs, ...gcm },
    { modules, logger: { info: () => undefined, warn, error }, clock: () => performance.now() },
  );
}

async function roundTrip(keyManager: KeyManager): Promise<void> {
  const [plaintext, aad] = [randomBytes(50), randomBytes(20)];
  const sealed = await keyManager.encrypt({ label: 'key' }, plaintext, aad);
  expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, sealed, aad))).toEqual(plaintext);
}

function roundTrips(keyManager: KeyManager): Promise<unknown> {
  return Promise.all(Array.from({ length: 20 }, () => roundTrip(keyManager)));
}

function backAgain(keyManager: KeyManager): Promise<void> {
  return vi.waitFor(() => roundTrip(keyManager), { timeout: 60_000 });
}

function count(name: string): number {
  return faulty.counts().get(name) ?? 0;
}

describe.each(['none', 'thread'] as const)('a key manager with isolation: %s', (isolation) => {
  let keyManager: KeyManager;

  beforeEach(async () => {
    keyManager = await open({ isolation });
  });

  afterEach(async () => {
    faulty.clear();
    await keyManager.close();
  });

  /** Opens the key manager again, with time for a repair on a busy machine. */
  async function reopenPatient(): Promise<void> {
    await keyManager.close();
    keyManager = await open({ isolation, timeoutMs: 60_000 });
  }

  it.each<Fault>([
    { on: 'C_EncryptInit', does: 'close-all-sessions', times: 1 },
    { on: 'C_DecryptInit', does: 'log-out', times: 1 },
  ])('logs in once for all operations that are hit: $on, $does', async (fault) => {
    await reopenPatient();
    await roundTrips(keyManager);
    const logins = count('C_Login');
    faulty.inject(fault);
    await roundTrips(keyManager);
    expect(count('C_Login')).toBe(logins + 1);
    expect(warn).toHaveBeenCalledOnce();
  });

  it.each([
    ['C_EncryptInit', pkcs11js.CKR_DEVICE_ERROR],
    ['C_EncryptInit', pkcs11js.CKR_TOKEN_NOT_PRESENT],
    ['C_Encrypt', pkcs11js.CKR_GENERAL_ERROR],
    ['C_GenerateRandom', pkcs11js.CKR_FUNCTION_FAILED],
    ['C_DecryptInit', pkcs11js.CKR_DEVICE_REMOVED],
  ] as const)('tries again when %s answers 0x%s once', async (on, code) => {
    faulty.inject({ on, does: 'answer', code, times: 1 });
    await roundTrip(keyManager);
  });

  it('repairs a loss in the background, and fails meanwhile without a call for each operation', async () => {
    const lift = faulty.inject(deviceRemoved);
    await expect(roundTrip(keyManager)).rejects.toMatchObject(internal);
    const before = count('C_OpenSession') + count('C_EncryptInit');
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => roundTrip(keyManager)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: internal });
    expect(count('C_OpenSession') + count('C_EncryptInit')).toBe(before);

    lift();
    const [initialized, finalized] = [count('C_Initialize'), count('C_Finalize')];
    await backAgain(keyManager);
    await roundTrips(keyManager);
    expect(count('C_Initialize') - initialized).toBeLessThanOrEqual(1);
    expect(count('C_Finalize') - finalized).toBeLessThanOrEqual(1);
    expect(error).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenLastCalledWith(expect.objectContaining({ keyManager: 'faulty' }), 'A token is back');
  });

  it('restarts the module and finds its token again', async () => {
    await reopenPatient();
    await roundTrip(keyManager);
    const beside = new pkcs11js.PKCS11();
    beside.load(faulty.module);
    beside.C_Finalize();
    const started = count('C_Initialize');
    await roundTrips(keyManager);
    expect(count('C_Initialize')).toBe(started + 1);
    expect(error).toHaveBeenCalledOnce();
  });

  it('gives no wrong answer while the HSM is lost and returns repeatedly, and right answers afterwards', async () => {
    const aad = randomBytes(20);
    const sealed = await keyManager.encrypt({ label: 'key' }, Buffer.from('plaintext'), aad);
    let running = true;
    const wrong: unknown[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        try {
          const opened = await keyManager.decrypt({ label: 'key' }, sealed, aad);
          if (!Buffer.from(opened).equals(Buffer.from('plaintext'))) wrong.push(opened);
        } catch (failure) {
          // On a busy machine, a session may come too late.
          const expected = ['InternalException', 'ThrottlingException'];
          if (!(failure instanceof XksError) || !expected.includes(failure.errorName)) wrong.push(failure);
        }
        await new Promise(setImmediate);
      }
    });
    for (const fault of [deviceRemoved, { ...deviceRemoved, code: pkcs11js.CKR_GENERAL_ERROR }] as const) {
      const lift = faulty.inject(fault);
      await vi.waitFor(
        () => expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject(internal),
        60_000,
      );
      lift();
      await backAgain(keyManager);
    }
    running = false;
    await Promise.all(load);
    expect(wrong).toEqual([]);
    await roundTrips(keyManager);
  });

  it('distinguishes a lost device from a bad ciphertext', async () => {
    const aad = randomBytes(20);
    const { iv, tag } = await keyManager.encrypt({ label: 'key' }, Buffer.from('plaintext'), aad);
    const bad = () => keyManager.decrypt({ label: 'key' }, { ciphertext: randomBytes(9), iv, tag }, aad);
    const invalid = { errorName: 'InvalidCiphertextException' };
    await expect(bad()).rejects.toMatchObject(invalid);
    expect(warn).not.toHaveBeenCalled();

    const code = pkcs11js.CKR_GENERAL_ERROR;
    const lift = faulty.inject(
      { on: 'C_Decrypt', does: 'answer', code },
      { on: 'C_GenerateRandom', does: 'answer', code },
    );
    await expect(bad()).rejects.toMatchObject(internal);
    lift();
    await backAgain(keyManager);
    await expect(bad()).rejects.toMatchObject(invalid);
  });
});

describe('a module is not restarted', () => {
  it('while one of its calls is running', async () => {
    const keyManager = await open({ isolation: 'thread' });
    await roundTrip(keyManager);
    const finalized = count('C_Finalize');
    const late = { errorName: 'DependencyTimeoutException' };
    const release = faulty.inject({ on: 'C_Encrypt', does: 'hang', times: 1 });
    await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), randomBytes(1))).rejects.toMatchObject(late);
    const lift = faulty.inject(deviceRemoved);
    await expect(roundTrip(keyManager)).rejects.toMatchObject(internal);
    expect(count('C_Finalize')).toBe(finalized);

    release();
    await vi.waitFor(() => {
      expect(count('C_Finalize')).toBeGreaterThan(finalized);
    }, 20_000);
    lift();
    await backAgain(keyManager);
    await keyManager.close();
  });

  it('while another key manager works with it', async () => {
    const [keyManager, other] = [await open({ isolation: 'none' }), await open({ isolation: 'none', token: 'other' })];
    const finalized = count('C_Finalize');
    const lift = faulty.inject(deviceRemoved);
    await expect(roundTrip(keyManager)).rejects.toMatchObject(internal);
    expect(count('C_Finalize')).toBe(finalized);

    await expect(other.describeKey({ label: 'absent' })).rejects.toMatchObject(internal);
    lift();
    await backAgain(keyManager);
    await vi.waitFor(
      () => expect(other.describeKey({ label: 'absent' })).rejects.toMatchObject({ errorName: 'KeyNotFoundException' }),
      20_000,
    );
    await roundTrips(keyManager);
    await other.close();
    await keyManager.close();
  });
});

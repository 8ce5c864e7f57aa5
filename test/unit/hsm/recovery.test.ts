import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../../../src/hsm/pkcs11/cryptoki/cryptokiError.ts';
import { ServingKeyManager } from '../../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { SharedModule } from '../../../src/hsm/pkcs11/module/moduleHandle.ts';
import { FakeCryptoki, openFake, TOKEN } from './fakeCryptoki.ts';

const TIMEOUT_MS = 200;
const [plaintext, aad] = [Buffer.from('plaintext'), Buffer.from('aad')];
const sealed = { ciphertext: Buffer.alloc(20), iv: Buffer.alloc(12), tag: Buffer.alloc(16) };
const internal = { errorName: 'InternalException' };
const lost = { ...internal, message: 'The key manager cannot be used at present.' };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp(cryptoki = new FakeCryptoki(), shared = new SharedModule(cryptoki), token: string = TOKEN.label) {
  const [warn, error] = [vi.fn(), vi.fn()];
  const keyManager = new ServingKeyManager(
    { name: 'fake', sessions: 4, timeoutMs: TIMEOUT_MS, isolation: 'thread', iv: 'random', gcmParameters: 'v2.40' },
    openFake(cryptoki, shared, token),
    { logger: { info: () => undefined, warn, error }, clock: () => performance.now() },
  );
  const encryption = () => keyManager.encrypt({ label: 'key' }, plaintext, aad);
  return { cryptoki, shared, keyManager, encryption, warn, error };
}

const FUNCTIONS_OF_THE_DEVICE = [
  'C_OpenSession',
  'C_GetSessionInfo',
  'C_GenerateRandom',
  'C_EncryptInit',
  'C_GetSlotList',
];

function removeDevice(cryptoki: FakeCryptoki): void {
  for (const name of FUNCTIONS_OF_THE_DEVICE) cryptoki.failing.set(name, CKR.DEVICE_REMOVED);
}

/** Returns the device, without any state from before. */
function returnDevice(cryptoki: FakeCryptoki): void {
  cryptoki.failing.clear();
  cryptoki.loseSessions();
}

/** Loses the device. The given operation notices the loss, and fails. */
async function lose(cryptoki: FakeCryptoki, operation: () => Promise<unknown>): Promise<void> {
  removeDevice(cryptoki);
  const outcome = expect(operation()).rejects.toMatchObject(lost);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  await outcome;
}

describe('a login that is lost', () => {
  it('is repaired once for all operations that failed because of it', async () => {
    const { cryptoki, encryption, warn } = setUp();
    await Promise.all(Array.from({ length: 4 }, encryption));
    cryptoki.loseSessions();
    await Promise.all(Array.from({ length: 20 }, encryption));
    expect(cryptoki.count('C_Login')).toBe(2);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is not repaired if only a session or a key is refused', async () => {
    const { cryptoki, encryption } = setUp();
    cryptoki.failing.set('C_EncryptInit', CKR.KEY_HANDLE_INVALID);
    for (let attempt = 0; attempt < 3; attempt++) await expect(encryption()).rejects.toMatchObject(internal);
    expect(cryptoki.count('C_Login')).toBe(1);
  });
});

describe('a device that is lost', () => {
  it('fails operations at once, without a call for each', async () => {
    const { cryptoki, encryption } = setUp();
    await lose(cryptoki, encryption);
    const before = cryptoki.log.length;
    await expect(encryption()).rejects.toMatchObject({
      ...lost,
      detail: expect.stringContaining('C_GetSlotList') as unknown,
    });
    expect(cryptoki.log.length).toBe(before);
  });

  it('is looked for less and less often', async () => {
    const { cryptoki, encryption } = setUp();
    await lose(cryptoki, encryption);
    const attempts: number[] = [];
    for (let minute = 0; minute < 3; minute++) {
      const before = cryptoki.count('C_Initialize');
      await vi.advanceTimersByTimeAsync(60_000);
      attempts.push(cryptoki.count('C_Initialize') - before);
    }
    expect(attempts[0]).toBeGreaterThan(12);
    expect(attempts.slice(1)).toEqual([12, 12]);
  });

  it('serves again after it has returned, even in another slot', async () => {
    const { cryptoki, encryption, warn, error } = setUp();
    await lose(cryptoki, encryption);
    await vi.advanceTimersByTimeAsync(60_000);
    returnDevice(cryptoki);
    cryptoki.token = { ...TOKEN, slot: 8n };
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(Array.from({ length: 20 }, encryption));
    expect(error).toHaveBeenCalledExactlyOnceWith(
      { keyManager: 'fake', detail: expect.stringContaining('C_OpenSession answered') as unknown, unreported: 0 },
      'A token is lost: operations are refused until it has been repaired',
    );
    expect(warn).toHaveBeenLastCalledWith(expect.objectContaining({ keyManager: 'fake' }), 'A token is back');
  });

  it('serves the current operation if it returns in time', async () => {
    const { cryptoki, encryption } = setUp();
    removeDevice(cryptoki);
    const operations = Array.from({ length: 20 }, encryption);
    await vi.advanceTimersByTimeAsync(20);
    returnDevice(cryptoki);
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(operations);
  });

  it('is not reported each time it is lost and returns', async () => {
    const { cryptoki, encryption, warn, error } = setUp();
    for (let time = 0; time < 20; time++) {
      await lose(cryptoki, encryption);
      returnDevice(cryptoki);
      await vi.advanceTimersByTimeAsync(300);
      await encryption();
    }
    // Within ten seconds.
    expect(error).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is not looked for after its key manager was closed', async () => {
    const { cryptoki, keyManager, encryption } = setUp();
    await lose(cryptoki, encryption);
    await keyManager.close();
    const before = cryptoki.log.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cryptoki.log.length).toBe(before);
  });

  it('is not called again after the deadline', async () => {
    const { cryptoki, encryption } = setUp();
    cryptoki.encryptAnswer = () => {
      vi.advanceTimersByTime(TIMEOUT_MS);
      throw new CryptokiError('C_Encrypt', CKR.DEVICE_ERROR);
    };
    await expect(encryption()).rejects.toMatchObject(internal);
    expect(cryptoki.count('C_Encrypt')).toBe(1);
  });
});

describe('a module is restarted', () => {
  it('if a new login does not help', async () => {
    const { cryptoki, encryption } = setUp();
    await encryption();
    cryptoki.finalize();
    await Promise.all([expect(encryption()).resolves.toBeDefined(), vi.advanceTimersByTimeAsync(100)]);
    expect(cryptoki.count('C_Initialize')).toBe(2);
  });

  it('but not during a call', async () => {
    const { cryptoki, encryption } = setUp();
    const call = Promise.withResolvers<Buffer>();
    cryptoki.encryptAnswer = () => call.promise;
    const running = encryption();
    await vi.advanceTimersByTimeAsync(0);
    const outcomes = Promise.allSettled([running]);
    await lose(cryptoki, encryption);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cryptoki.count('C_Finalize')).toBe(0);
    call.resolve(Buffer.alloc(25));
    await outcomes;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(cryptoki.count('C_Finalize')).toBe(1);
  });

  it('but not while another key manager works with it', async () => {
    const { cryptoki, shared, encryption } = setUp();
    const other = setUp(cryptoki, shared);
    await lose(cryptoki, encryption);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cryptoki.count('C_Finalize')).toBe(0);
    await lose(cryptoki, other.encryption);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(cryptoki.count('C_Finalize')).toBeGreaterThan(0);
    returnDevice(cryptoki);
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all([encryption(), other.encryption()]);
  });

  it('although another key manager has its PIN refused', async () => {
    const { cryptoki, shared, encryption } = setUp();
    cryptoki.tokens = () => ['fake', 'other'].map((label) => ({ ...TOKEN, label }));
    const other = setUp(cryptoki, shared, 'other');
    cryptoki.loseSessions();
    cryptoki.failNext('C_Login', CKR.PIN_INCORRECT);
    await expect(other.encryption()).rejects.toMatchObject(lost);
    await encryption();
    cryptoki.finalize();
    await Promise.all([expect(encryption()).resolves.toBeDefined(), vi.advanceTimersByTimeAsync(TIMEOUT_MS)]);
  });

  it('again if it has ended and does not start, for all its key managers', async () => {
    const { cryptoki, shared, encryption } = setUp();
    const other = setUp(cryptoki, shared);
    await lose(cryptoki, encryption);
    await lose(cryptoki, other.encryption);
    cryptoki.failing.set('C_Initialize', CKR.DEVICE_REMOVED);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cryptoki.count('C_Finalize')).toBeGreaterThan(0);
    cryptoki.failing.clear();
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all([encryption(), other.encryption()]);
  });

  it('if all its key managers fail for 15 seconds, although the login is valid', async () => {
    const { cryptoki, shared, encryption } = setUp();
    const other = setUp(cryptoki, shared);
    cryptoki.failing.set('C_Encrypt', CKR.DEVICE_ERROR);
    for (let second = 0; second < 17; second++) {
      await expect(encryption()).rejects.toMatchObject(internal);
      await vi.advanceTimersByTimeAsync(500);
      await expect(other.encryption()).rejects.toMatchObject(internal);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(cryptoki.count('C_Finalize')).toBeGreaterThan(0);
    cryptoki.failing.clear();
    await Promise.all([encryption(), other.encryption()]);
  });

  it('if nothing succeeds for 15 seconds, although the login is valid', async () => {
    const { cryptoki, keyManager, encryption } = setUp();
    cryptoki.failing.set('C_Encrypt', CKR.DEVICE_ERROR);
    for (let second = 0; second < 15; second++) {
      await expect(encryption()).rejects.toMatchObject(internal);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(cryptoki.count('C_Finalize')).toBe(0);
    const call = Promise.withResolvers<Buffer>();
    cryptoki.decryptAnswer = () => call.promise;
    const running = keyManager.decrypt({ label: 'key' }, sealed, aad);
    await expect(encryption()).rejects.toMatchObject(internal);
    await expect(encryption()).rejects.toMatchObject(lost);
    call.resolve(Buffer.alloc(20));
    await running;
    await vi.advanceTimersByTimeAsync(100);
    expect(cryptoki.count('C_Finalize')).toBe(1);
    cryptoki.failing.clear();
    await encryption();
  });

  it('but not because one key fails while others work', async () => {
    const { cryptoki, keyManager, encryption } = setUp();
    for (let second = 0; second < 60; second++) {
      cryptoki.failing.set('C_Encrypt', CKR.GENERAL_ERROR);
      await expect(encryption()).rejects.toMatchObject(internal);
      cryptoki.failing.clear();
      if (second % 10 === 0) await keyManager.decrypt({ label: 'key' }, sealed, aad);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(cryptoki.count('C_Finalize')).toBe(0);
  });
});

describe('a PIN that is refused in a repair', () => {
  it('is tried once, reported as an error, and never tried again', async () => {
    const { cryptoki, encryption, error } = setUp();
    cryptoki.loseSessions();
    cryptoki.failing.set('C_Login', CKR.PIN_LOCKED);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(encryption()).rejects.toMatchObject({
        ...lost,
        detail: expect.stringContaining('is locked') as unknown,
      });
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(cryptoki.count('C_Login')).toBe(2);
    expect(error).toHaveBeenLastCalledWith(
      expect.objectContaining({ detail: expect.stringContaining('is locked') as unknown }),
      expect.stringContaining('refuses the PIN'),
    );
  });
});

describe('a decryption that fails with CKR_GENERAL_ERROR', () => {
  it('means a bad ciphertext if the device answers, and nothing is repaired', async () => {
    const { cryptoki, keyManager, warn } = setUp();
    cryptoki.failing.set('C_Decrypt', CKR.GENERAL_ERROR);
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
        errorName: 'InvalidCiphertextException',
      });
    }
    expect(cryptoki.count('C_Decrypt')).toBe(10);
    expect(cryptoki.count('C_FindObjects')).toBe(1);
    expect(cryptoki.count('C_Login')).toBe(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it('also means a bad ciphertext on a device without random numbers', async () => {
    const { cryptoki, keyManager } = setUp();
    const RANDOM_NO_RNG = 0x121;
    cryptoki.failing.set('C_Decrypt', CKR.GENERAL_ERROR).set('C_GenerateRandom', RANDOM_NO_RNG);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
    });
  });

  it('means a lost device if the device does not answer either', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failing.set('C_Decrypt', CKR.GENERAL_ERROR).set('C_GenerateRandom', CKR.GENERAL_ERROR);
    const outcome = expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject(internal);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcome;
    cryptoki.failing.delete('C_GenerateRandom');
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
    });
  });
});

import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sealed } from '../../../src/hsm/keyManager.ts';
import type { GcmCall } from '../../../src/hsm/pkcs11/cryptoki/cryptoki.ts';
import { CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../../../src/hsm/pkcs11/cryptoki/cryptokiError.ts';
import { ServingKeyManager, type KeyManagerOptions } from '../../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { FakeCryptoki, openFake, PIN, TOKEN } from './fakeCryptoki.ts';

const plaintext = Buffer.from('top secret plaintext');
const aad = Buffer.from('aad');
const sealed: Sealed = { ciphertext: Buffer.alloc(20), iv: Buffer.alloc(12), tag: Buffer.alloc(16) };

const OPTIONS = { name: 'fake', isolation: 'thread', iv: 'random', gcmParameters: 'v2.40' } as const;

function setUp(
  { sessions = 1, timeoutMs = 1_000, ...dialect }: Partial<KeyManagerOptions> = {},
  cryptoki = new FakeCryptoki(),
) {
  const opened = openFake(cryptoki);
  const close = vi.fn(() => {
    opened.close();
  });
  const [warn, error] = [vi.fn(), vi.fn()];
  const keyManager = new ServingKeyManager(
    { ...OPTIONS, sessions, timeoutMs, ...dialect },
    { ...opened, close },
    { logger: { info: () => undefined, warn, error }, clock: () => performance.now() },
  );
  return { cryptoki, keyManager, warn, error, close };
}

describe('a module that misbehaves', () => {
  const internal = { errorName: 'InternalException', message: 'The key manager failed.' };

  it.each([0, 15, 35, 37, 52])('gives %i bytes for an encryption of 20', async (length) => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.encryptAnswer = () => Buffer.alloc(length);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject(internal);
  });

  it.each([0, 19, 21, 36])('gives %i bytes for a decryption of 20', async (length) => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.decryptAnswer = () => Buffer.alloc(length);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject(internal);
  });

  it('gets a buffer with room for excess output, which is then detected', async () => {
    const { cryptoki, keyManager } = setUp();
    const rooms: number[] = [];
    cryptoki.encryptAnswer = ({ output }: GcmCall) => {
      rooms.push(output.length);
      return output.subarray(0, 36);
    };
    await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    expect(rooms).toEqual([52]);
  });

  it('writes too few random bytes', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.random = (bytes) => Buffer.alloc(bytes - 1, 7);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject(internal);
    expect(cryptoki.count('C_EncryptInit')).toBe(0);
  });

  it.each([
    ['no random bytes', () => 0],
    ['the same random bytes again and again', () => 7],
    ['two random values in turn', (call: number) => 1 + (call % 2)],
  ])('writes %s: no IV is used twice, and an error says so', async (_, byte) => {
    const { cryptoki, keyManager, error } = setUp();
    let calls = 0;
    cryptoki.random = (bytes) => Buffer.alloc(bytes, byte(calls++));
    const ivs = new Set<string>();
    for (let time = 0; time < 60; time++) {
      const { iv } = await keyManager.encrypt({ label: 'key' }, plaintext, aad);
      ivs.add(Buffer.from(iv).toString('hex'));
    }
    expect(ivs.size).toBe(60);
    expect(error).toHaveBeenCalledExactlyOnceWith(
      { keyManager: 'fake', unreported: 0 },
      expect.stringContaining('C_GenerateRandom repeats its output'),
    );
  });

  it('generates random bytes once for several IVs', async () => {
    const { cryptoki, keyManager, error } = setUp();
    for (let time = 0; time < 40; time++) await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    expect(cryptoki.count('C_GenerateRandom')).toBe(2);
    expect(error).not.toHaveBeenCalled();
  });

  it.each(['hsm-in-place', 'hsm-appended'] as const)('generates no IV, or the same one again: %s', async (iv) => {
    const { cryptoki, keyManager } = setUp({ iv });
    const answering = (made: Buffer) => {
      cryptoki.encryptAnswer = (call) => {
        if (iv === 'hsm-in-place') Buffer.from(call.iv.buffer, call.iv.byteOffset).set(made);
        return Buffer.concat([Buffer.alloc(36), iv === 'hsm-appended' ? made : Buffer.alloc(0)]);
      };
    };
    answering(Buffer.alloc(12));
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      ...internal,
      detail: 'C_Encrypt gave no new IV',
    });
    answering(Buffer.alloc(12, 7));
    expect((await keyManager.encrypt({ label: 'key' }, plaintext, aad)).iv).toEqual(Buffer.alloc(12, 7));
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject(internal);
    expect(cryptoki.count('C_GenerateRandom')).toBe(0);
  });

  it('writes its own IV over the given one, and then the same one again', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.encryptAnswer = ({ iv }) => {
      Buffer.from(iv.buffer, iv.byteOffset, iv.length).fill(7);
      return Buffer.alloc(36);
    };
    await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      ...internal,
      detail: 'C_Encrypt gave no new IV',
    });
  });

  it('throws an error that is not from PKCS#11', async () => {
    const { cryptoki, keyManager } = setUp();
    const thrown = new TypeError('Argument 1 has wrong type');
    cryptoki.failNext('C_Encrypt', thrown);
    cryptoki.failNext('C_Decrypt', thrown);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      ...internal,
      cause: thrown,
    });
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
      ...internal,
      cause: thrown,
    });
  });

  it('fails with an error that contains neither data nor PIN', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failing.set('C_Encrypt', CKR.GENERAL_ERROR);
    const error: unknown = await keyManager
      .encrypt({ label: 'key' }, plaintext, aad)
      .catch((thrown: unknown) => thrown);
    const text = inspect(error, { depth: 10, showHidden: true });
    expect(text).toContain('C_Encrypt answered');
    expect(text).not.toContain(PIN.reveal());
    expect(text).not.toContain(plaintext.toString());
  });
});

describe('the answers of a module', () => {
  const badData = [
    CKR.ENCRYPTED_DATA_INVALID,
    CKR.ENCRYPTED_DATA_LEN_RANGE,
    CKR.DATA_INVALID,
    CKR.DATA_LEN_RANGE,
    CKR.GENERAL_ERROR,
    CKR.FUNCTION_FAILED,
    CKR.AEAD_DECRYPT_FAILED,
  ];

  it.each(badData)('0x%s on C_Decrypt is an invalid ciphertext, and elsewhere an internal error', async (code) => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failNext('C_Decrypt', code);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
      message: 'The ciphertext, IV, tag or AAD is not valid for this external key.',
    });
    for (const functionName of ['C_DecryptInit', 'C_OpenSession']) {
      // The number of all attempts: a session is also tried as a read-write one.
      cryptoki.failNext(functionName, code, code, code, code);
      await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
        errorName: 'InternalException',
      });
      cryptoki.failNext(functionName);
    }
    cryptoki.failNext('C_Encrypt', code, code);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'InternalException',
    });
  });

  it('CKR_KEY_FUNCTION_NOT_PERMITTED is an invalid usage', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failNext('C_EncryptInit', CKR.KEY_FUNCTION_NOT_PERMITTED);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'InvalidKeyUsageException',
    });
  });

  it('CKR_KEY_TYPE_INCONSISTENT is an invalid usage only where an operation begins', async () => {
    const { cryptoki, keyManager } = setUp();
    const { KEY_TYPE_INCONSISTENT } = CKR;
    cryptoki.failNext('C_DecryptInit', KEY_TYPE_INCONSISTENT);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toMatchObject({
      errorName: 'InvalidKeyUsageException',
    });
    cryptoki.failNext('C_Encrypt', KEY_TYPE_INCONSISTENT);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'InternalException',
    });
  });

  it('CKR_SESSION_COUNT is throttling', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failNext('C_OpenSession', CKR.SESSION_COUNT);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'ThrottlingException',
    });
  });
});

describe('a key', () => {
  it('is searched for once, and a missing one each time', async () => {
    const { cryptoki, keyManager } = setUp();
    await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    await keyManager.decrypt({ label: 'key' }, sealed, aad);
    expect(cryptoki.count('C_FindObjects')).toBe(1);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(keyManager.encrypt({ label: 'new' }, plaintext, aad)).rejects.toMatchObject({
        errorName: 'KeyNotFoundException',
      });
    }
    // Each time, the manager also checks whether the token still shows the other key.
    expect(cryptoki.count('C_FindObjects')).toBe(5);
    cryptoki.keys.push('new');
    await keyManager.encrypt({ label: 'new' }, plaintext, aad);
  });

  it('costs no session if it is requested wrongly', async () => {
    const { cryptoki, keyManager } = setUp();
    await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    await expect(keyManager.encrypt({ label: 'absent' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'KeyNotFoundException',
    });
    expect(cryptoki.count('C_CloseSession')).toBe(0);
  });
});

describe('a failure', () => {
  it('closes the session it happened in', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.failNext('C_Decrypt', CKR.GENERAL_ERROR);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad)).rejects.toThrow();
    expect(cryptoki.count('C_CloseSession')).toBe(1);
    await keyManager.decrypt({ label: 'key' }, sealed, aad);
    // One for the login, one before the failure, and one after it.
    expect(cryptoki.count('C_OpenSession')).toBe(3);
  });

  it.each([
    ['C_EncryptInit', CKR.KEY_HANDLE_INVALID],
    ['C_EncryptInit', CKR.OBJECT_HANDLE_INVALID],
    ['C_EncryptInit', CKR.USER_NOT_LOGGED_IN],
    ['C_GenerateRandom', CKR.SESSION_HANDLE_INVALID],
    ['C_Encrypt', CKR.SESSION_CLOSED],
  ])('in %s with 0x%s is repaired once', async (functionName, code) => {
    const { cryptoki, keyManager, warn } = setUp();
    cryptoki.failNext(functionName, code);
    await keyManager.encrypt({ label: 'key' }, plaintext, aad);
    expect(cryptoki.count('C_FindObjects')).toBe(2);
    expect(warn).toHaveBeenCalledOnce();

    // The HSM has random bytes left.
    if (functionName === 'C_GenerateRandom') return;
    cryptoki.failing.set(functionName, code);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'InternalException',
    });
  });

  it('that lost all sessions and the login is repaired, including idle sessions', async () => {
    const { cryptoki, keyManager } = setUp({ sessions: 3 });
    await Promise.all([1, 2, 3].map(() => keyManager.encrypt({ label: 'key' }, plaintext, aad)));
    cryptoki.loseSessions();
    await Promise.all([1, 2, 3, 4].map(() => keyManager.encrypt({ label: 'key' }, plaintext, aad)));
    cryptoki.loseSessions();
    expect(await keyManager.describeKey({ label: 'key' })).toMatchObject({ keySpec: 'AES_256' });
  });

  it('of a new login because of the PIN is final', async () => {
    const { cryptoki, keyManager } = setUp();
    cryptoki.loseSessions();
    cryptoki.failNext('C_Login', CKR.PIN_INCORRECT);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
        errorName: 'InternalException',
        cause: { name: 'Pkcs11Failure', message: expect.stringContaining('The PIN was refused') as unknown },
      });
    }
    expect(cryptoki.count('C_Login')).toBe(2);
  });
});

describe('an operation ends', () => {
  const never = () => new Promise<never>(() => undefined);
  const late = { errorName: 'DependencyTimeoutException' };

  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['at its deadline', 50, 50],
    ['after timeoutMs, if the deadline is later', 5_000, 1_000],
  ])('%s', async (_, givenMs, expectedMs) => {
    const { cryptoki, keyManager } = setUp({ sessions: 2 });
    [cryptoki.encryptAnswer, cryptoki.decryptAnswer] = [never, never];
    for (const operation of [
      (deadline: number) => keyManager.encrypt({ label: 'key' }, plaintext, aad, deadline),
      (deadline: number) => keyManager.decrypt({ label: 'key' }, sealed, aad, deadline),
    ]) {
      let ended = false;
      const outcome = expect(operation(performance.now() + givenMs)).rejects.toMatchObject(late);
      void outcome.then(() => (ended = true));
      await vi.advanceTimersByTimeAsync(expectedMs - 1);
      expect(ended).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await outcome;
    }
  });

  it('without an encryption, if its key is found after the deadline', async () => {
    const { cryptoki, keyManager } = setUp({ timeoutMs: 200 });
    const find = cryptoki.findObjects.bind(cryptoki);
    cryptoki.findObjects = (...args) => {
      vi.advanceTimersByTime(300);
      return find(...args);
    };
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject(late);
    expect(cryptoki.count('C_EncryptInit')).toBe(0);
  });

  it('before it begins, if the deadline has passed', async () => {
    const { cryptoki, keyManager } = setUp();
    const before = cryptoki.log.length;
    const deadline = performance.now();
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad, deadline)).rejects.toMatchObject(late);
    await expect(keyManager.decrypt({ label: 'key' }, sealed, aad, deadline)).rejects.toMatchObject(late);
    await expect(keyManager.describeKey({ label: 'key' }, deadline)).rejects.toMatchObject(late);
    expect(cryptoki.log.length).toBe(before);
  });
});

describe('close', () => {
  it('waits for running operations, then closes everything once', async () => {
    const { cryptoki, keyManager, close } = setUp();
    const answer = Promise.withResolvers<Buffer>();
    cryptoki.encryptAnswer = () => answer.promise;
    const running = keyManager.encrypt({ label: 'key' }, plaintext, aad);
    await vi.waitUntil(() => cryptoki.count('C_Encrypt') > 0, { timeout: 60_000 });
    const closing = keyManager.close();
    expect(close).not.toHaveBeenCalled();
    answer.resolve(Buffer.alloc(36));
    await running;
    await closing;
    expect(close).toHaveBeenCalledOnce();
    expect(cryptoki.sessions.size).toBe(0);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'InternalException',
    });
  });

  it('waits while a failed decryption checks its device', async () => {
    const { cryptoki, keyManager } = setUp();
    const answer = Promise.withResolvers<Buffer>();
    cryptoki.decryptAnswer = () => answer.promise;
    const running = keyManager.decrypt({ label: 'key' }, sealed, aad);
    await vi.waitUntil(() => cryptoki.count('C_Decrypt') > 0, { timeout: 60_000 });
    const closing = keyManager.close();
    answer.reject(new CryptokiError('C_Decrypt', CKR.GENERAL_ERROR));
    await expect(running).rejects.toMatchObject({ errorName: 'InvalidCiphertextException' });
    await closing;
  });

  it('leaves the module open if a call does not return', async () => {
    const { cryptoki, keyManager, close, warn } = setUp({ timeoutMs: 100 });
    cryptoki.encryptAnswer = () => new Promise<never>(() => undefined);
    await expect(keyManager.encrypt({ label: 'key' }, plaintext, aad)).rejects.toMatchObject({
      errorName: 'DependencyTimeoutException',
    });
    await keyManager.close();
    expect(close).not.toHaveBeenCalled();
    expect(warn).toHaveBeenCalledOnce();
  });
});

it('describes the token in printable ASCII', async () => {
  const cryptoki = new FakeCryptoki();
  cryptoki.token = { ...TOKEN, manufacturer: 'Sécurité\u0000', model: ' Vault' };
  const { keyManager } = setUp({}, cryptoki);
  expect(await keyManager.describe()).toEqual({
    id: '0123',
    vendor: 'S?curit??',
    model: 'Vault (hardware 1.2, firmware 3.4)',
  });
});

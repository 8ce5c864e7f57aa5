import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { SharedModule } from '../../../src/hsm/pkcs11/module/moduleHandle.ts';
import { ServingKeyManager } from '../../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { FakeCryptoki, openFake } from './fakeCryptoki.ts';

const TIMEOUT_MS = 200;
const [plaintext, aad] = [Buffer.from('plaintext'), Buffer.from('aad')];
const lost = { errorName: 'InternalException', message: 'The key manager cannot be used at present.' };
const notFound = { errorName: 'KeyNotFoundException' };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp(cryptoki = new FakeCryptoki(), shared = new SharedModule(cryptoki)) {
  cryptoki.keys = ['xks-health', 'key', 'other'];
  cryptoki.decryptAnswer = ({ input }) => Buffer.from(input.subarray(0, -16));
  cryptoki.encryptAnswer = ({ input }) => Buffer.concat([input, Buffer.alloc(16)]);
  const [warn, info, error] = [vi.fn(), vi.fn(), vi.fn()];
  const keyManager = new ServingKeyManager(
    {
      name: 'fake',
      sessions: 2,
      timeoutMs: TIMEOUT_MS,
      isolation: 'thread',
      iv: 'random',
      gcmParameters: 'v2.40',
      healthKey: 'xks-health',
    },
    openFake(cryptoki, shared),
    { logger: { info, warn, error }, clock: () => performance.now() },
  );
  const encryption = (label = 'key') => keyManager.encrypt({ label }, plaintext, aad);
  /** Queries the token instead of remembered state. */
  const look = (label = 'key') => keyManager.describeKey({ label });
  return { cryptoki, shared, keyManager, encryption, look, warn, info, error };
}

/** The outcome of an operation, after timers have run for its longest duration. */
async function outcomeOf(operation: Promise<unknown>): Promise<unknown> {
  const outcome = operation.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  return outcome;
}

describe('a token that no longer shows any keys', () => {
  it.each(['key', 'never-asked-for'])('is lost, instead of only lacking the key %s', async (label) => {
    const { cryptoki, keyManager, look } = setUp();
    await keyManager.checkHealth();
    await look();
    const { keys } = cryptoki;
    cryptoki.keys = [];
    expect(await outcomeOf(look(label))).toMatchObject(lost);
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(look(label)).rejects.toMatchObject(lost);
    cryptoki.keys = keys;
    await vi.advanceTimersByTimeAsync(5_000);
    await look();
    if (label !== 'key') await expect(look(label)).rejects.toMatchObject(notFound);
  });

  it('serves the current operation if a restart of its module brings them back', async () => {
    const { cryptoki, keyManager, look } = setUp();
    await keyManager.checkHealth();
    await look();
    const { keys } = cryptoki;
    cryptoki.keys = [];
    const initialize = cryptoki.initialize.bind(cryptoki);
    cryptoki.initialize = () => {
      cryptoki.keys = keys;
      return initialize();
    };
    expect(await outcomeOf(look())).toMatchObject({ keySpec: 'AES_256' });
  });
});

describe('a token that shows only some of its keys', () => {
  it('is not trusted before its module is restarted, even after a long absence', async () => {
    const { cryptoki, keyManager, look } = setUp();
    await keyManager.checkHealth();
    await look();
    const { keys } = cryptoki;
    cryptoki.keys = [];
    expect(await outcomeOf(look())).toMatchObject(lost);
    cryptoki.failing.set('C_GetSlotList', CKR.DEVICE_REMOVED);
    await vi.advanceTimersByTimeAsync(60_000);
    cryptoki.failing.clear();
    cryptoki.keys = ['xks-health'];
    const initialize = cryptoki.initialize.bind(cryptoki);
    cryptoki.initialize = () => {
      cryptoki.keys = keys;
      return initialize();
    };
    await vi.advanceTimersByTimeAsync(5_000);
    await look();
  });
});

describe('a key that is deleted', () => {
  it('is confirmed after a restart of the module', async () => {
    const { cryptoki, encryption, look, error } = setUp();
    await encryption();
    await encryption('other');
    cryptoki.keys = ['xks-health', 'other'];
    const restarts = cryptoki.count('C_Initialize');
    expect(await outcomeOf(look())).toMatchObject(notFound);
    expect(cryptoki.count('C_Initialize')).toBe(restarts + 1);
    await expect(look()).rejects.toMatchObject(notFound);
    await encryption('other');
    expect(cryptoki.count('C_Initialize')).toBe(restarts + 1);
    expect(error).toHaveBeenCalledWith(
      { keyManager: 'fake', detail: 'no secret key of the token has the label "key"' },
      'A key is no longer in the token',
    );
  });

  it('is confirmed within a second without a restart while other key managers use the module', async () => {
    const { cryptoki, shared, encryption, look } = setUp();
    const other = setUp(cryptoki, shared);
    await encryption();
    await other.encryption('other');
    cryptoki.keys = ['xks-health', 'other'];
    const restarts = cryptoki.count('C_Initialize');
    await outcomeOf(look());
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(look()).rejects.toMatchObject(notFound);
    await encryption('other');
    expect(cryptoki.count('C_Initialize')).toBe(restarts);
  });

  it('restarts the module once, even if it disappears repeatedly', async () => {
    const { cryptoki, encryption, look } = setUp();
    await encryption('other');
    const restarts = cryptoki.count('C_Initialize');
    for (let time = 0; time < 10; time++) {
      cryptoki.keys = ['xks-health', 'other', 'key'];
      await look();
      cryptoki.keys = ['xks-health', 'other'];
      expect(await outcomeOf(look())).toMatchObject(notFound);
    }
    expect(cryptoki.count('C_Initialize')).toBe(restarts + 1);
    cryptoki.keys = [];
    expect(await outcomeOf(look())).toMatchObject(lost);
  });

  it('is not created at each probe if it is the health key and the token refuses it', async () => {
    const { cryptoki, keyManager, error } = setUp();
    cryptoki.keys = ['key'];
    cryptoki.failing.set('C_GenerateKey', CKR.USER_NOT_LOGGED_IN);
    for (let second = 0; second < 60; second += 2) {
      await expect(keyManager.checkHealth()).rejects.toMatchObject(notFound);
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(cryptoki.count('C_GenerateKey')).toBe(6);
    expect(error).toHaveBeenCalledTimes(6);
  });

  it('is created again if it is the health key', async () => {
    const { cryptoki, keyManager, look, info } = setUp();
    await keyManager.checkHealth();
    await look();
    cryptoki.keys = ['key', 'other'];
    // The proxy does not check its handle for some time.
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await outcomeOf(keyManager.checkHealth())).toBeUndefined();
    expect(cryptoki.keys).toContain('xks-health');
    expect(info).toHaveBeenCalledWith({ keyManager: 'fake', label: 'xks-health' }, 'created the health key');
    await look();
  });
});

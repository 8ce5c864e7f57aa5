import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyManager } from '../../src/hsm/keyManager.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import type { Pkcs11Options } from '../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { encrypt } from '../../src/operations/encrypt.ts';
import type { ExternalKey } from '../../src/operations/externalKey.ts';
import { Secret } from '../../src/secret.ts';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const noAad = new Uint8Array(0);
const [warn, error] = [vi.fn(), vi.fn()];

let softHsm: SoftHsmFixture;
let faulty: FaultyModule;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', randomBytes(32));
  faulty = createFaultyModule(softHsm);
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

function open(options: Partial<Pkcs11Options> = {}): Promise<KeyManager> {
  const { tokenLabel, pin } = softHsm;
  const { module } = faulty;
  const defaults = { name: 'faulty', token: { label: tokenLabel }, pin, sessions: 2, timeoutMs: 10_000 };
  return openServingKeyManager(
    { ...defaults, module, isolation: 'none', iv: 'random', gcmParameters: 'v2.40', ...options },
    { modules: new ModuleRegistry(), logger: { info: () => undefined, warn, error }, clock: () => performance.now() },
  );
}

const key: ExternalKey = {
  id: 'key',
  versions: [{ label: 'key', ciphertextMetadata: Buffer.alloc(0) }],
  status: 'enabled',
};

async function roundTrip(keyManager: KeyManager): Promise<void> {
  const [plaintext, aad] = [randomBytes(50), randomBytes(20)];
  const sealed = await keyManager.encrypt({ label: 'key' }, plaintext, aad);
  expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, sealed, aad))).toEqual(plaintext);
}

/** The number of calls of the function during `run`. */
async function callsOf(name: string, run: () => Promise<unknown>): Promise<number> {
  const before = faulty.counts().get(name) ?? 0;
  await run();
  return (faulty.counts().get(name) ?? 0) - before;
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

  it('works through the module without faults', async () => {
    await roundTrip(keyManager);
    expect(warn).not.toHaveBeenCalled();
  });

  it.each<Fault>([
    { on: 'C_EncryptInit', does: 'close-session', times: 1 },
    { on: 'C_Encrypt', does: 'close-session', times: 1 },
    { on: 'C_DecryptInit', does: 'log-out', times: 1 },
    { on: 'C_EncryptInit', does: 'invalidate-handles', times: 1 },
    { on: 'C_DecryptInit', does: 'answer', code: pkcs11js.CKR_SESSION_CLOSED, times: 1 },
  ])('continues to serve after a single $does in $on', async (fault) => {
    await roundTrip(keyManager);
    faulty.inject(fault);
    await roundTrip(keyManager);
    expect(warn).toHaveBeenCalledOnce();
  });

  it.each(['answer', 'answer-afterwards'] as const)(
    'fails while a call fails, and then works again: %s',
    async (does) => {
      const lift = faulty.inject({ on: 'C_Encrypt', does, code: pkcs11js.CKR_DEVICE_ERROR });
      for (let call = 0; call < 3; call++) {
        await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), noAad)).rejects.toMatchObject({
          errorName: 'InternalException',
          detail: 'C_Encrypt answered CKR_DEVICE_ERROR (0x30)',
        });
      }
      lift();
      await roundTrip(keyManager);
    },
  );

  it('gets a fault from the nth call on, as often as requested', async () => {
    faulty.inject({ on: 'C_Encrypt', does: 'answer', code: pkcs11js.CKR_DEVICE_ERROR, from: 3, times: 2 });
    const outcomes: string[] = [];
    for (let call = 1; call <= 6; call++) {
      const [{ status }] = await Promise.allSettled([keyManager.encrypt({ label: 'key' }, Buffer.from('x'), noAad)]);
      outcomes.push(status);
    }
    // Each affected operation is tried twice.
    expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  });

  it('waits for a slow module', async () => {
    faulty.inject({ on: 'C_Encrypt', does: 'delay', milliseconds: 20 }, { on: '*', does: 'delay', milliseconds: 1 });
    await roundTrip(keyManager);
  });

  it.each<Fault>([
    { on: 'C_Encrypt', does: 'change-length', by: 1 },
    { on: 'C_Encrypt', does: 'change-length', by: -1 },
    { on: 'C_Decrypt', does: 'change-length', by: 1 },
    { on: 'C_Decrypt', does: 'change-length', by: -1 },
    { on: 'C_EncryptInit', does: 'make-iv-appended' },
  ])('refuses a result with a wrong length or without an IV: %j', async (fault) => {
    faulty.inject(fault);
    await expect(roundTrip(keyManager)).rejects.toMatchObject({ errorName: 'InternalException' });
  });

  it.each<Fault>([
    { on: 'C_Encrypt', does: 'flip-bit', byte: 0 },
    { on: 'C_Encrypt', does: 'flip-bit', byte: 20 },
    { on: 'C_Encrypt', does: 'write-nothing' },
    { on: 'C_Decrypt', does: 'flip-bit', byte: 3 },
    { on: 'C_Decrypt', does: 'write-nothing' },
  ])('returns nothing with a CDIV that it could not decrypt: %j', async (fault) => {
    const request = { plaintext: randomBytes(10), additionalAuthenticatedData: Buffer.alloc(0), wantsCdiv: true };
    const lift = faulty.inject(fault);
    await expect(encrypt(keyManager, key, request, Infinity)).rejects.toMatchObject({
      errorName: 'InternalException',
      message: 'The key manager did not decrypt its own ciphertext to the plaintext; nothing was returned.',
    });
    lift();
    expect(await encrypt(keyManager, key, request, Infinity)).toHaveProperty('ciphertextDataIntegrityValue');
  });
});

describe('a call that hangs', () => {
  it('ends with DependencyTimeoutException, and its session is not lent before the call returns', async () => {
    const keyManager = await open({ isolation: 'thread', sessions: 1, timeoutMs: 300 });
    const lift = faulty.inject({ on: 'C_Encrypt', does: 'hang', times: 1 });
    const encryption = () => keyManager.encrypt({ label: 'key' }, Buffer.from('x'), noAad);
    await expect(encryption()).rejects.toMatchObject({ errorName: 'DependencyTimeoutException' });
    await expect(encryption()).rejects.toMatchObject({ errorName: 'DependencyTimeoutException' });
    const opened = await callsOf('C_OpenSession', async () => {
      lift();
      await vi.waitFor(encryption, { timeout: 60_000 });
    });
    expect(opened).toBe(1);
    await keyManager.close();
  });
});

describe('two calls of one request', () => {
  const request = { plaintext: randomBytes(10), additionalAuthenticatedData: Buffer.alloc(0), wantsCdiv: true };

  it.each(['none', 'thread'] as const)(
    'share one deadline, although each alone would meet it: %s',
    async (isolation) => {
      const keyManager = await open({ isolation, timeoutMs: 2_000 });
      await encrypt(keyManager, key, request, performance.now() + 10_000);
      const [encrypted, decrypted] = await callsOfBoth(async () => {
        faulty.inject({ on: 'C_Encrypt', does: 'delay', milliseconds: 310 });
        await expect(encrypt(keyManager, key, request, performance.now() + 300)).rejects.toMatchObject({
          errorName: 'DependencyTimeoutException',
        });
      });
      expect(encrypted).toBe(1);
      expect(decrypted).toBe(0);
      await keyManager.close();
    },
  );

  async function callsOfBoth(run: () => Promise<unknown>): Promise<[number, number]> {
    let encrypted = NaN;
    const decrypted = await callsOf('C_Decrypt', async () => {
      encrypted = await callsOf('C_Encrypt', run);
    });
    return [encrypted, decrypted];
  }
});

describe('C_Login is called', () => {
  it('once for a wrong PIN', async () => {
    const logins = await callsOf('C_Login', async () => {
      await expect(open({ pin: new Secret('wrong-pin') })).rejects.toThrow('The PIN was refused');
    });
    expect(logins).toBe(1);
  });

  it('once more after the login was lost, and never again after the PIN was refused', async () => {
    const keyManager = await open();
    await roundTrip(keyManager);
    expect(
      await callsOf('C_Login', async () => {
        faulty.inject({ on: 'C_EncryptInit', does: 'log-out', times: 1 });
        await roundTrip(keyManager);
      }),
    ).toBe(1);
    faulty.inject(
      { on: 'C_EncryptInit', does: 'log-out' },
      { on: 'C_Login', does: 'answer', code: pkcs11js.CKR_PIN_LOCKED },
    );
    const logins = await callsOf('C_Login', async () => {
      await expect(roundTrip(keyManager)).rejects.toMatchObject({ errorName: 'InternalException' });
      await expect(roundTrip(keyManager)).rejects.toMatchObject({ errorName: 'InternalException' });
    });
    expect(logins).toBe(1);
    await keyManager.close();
  });
});

it('a start-up fails with the error of the function that failed', async () => {
  faulty.inject({ on: 'C_Initialize', does: 'answer', code: pkcs11js.CKR_DEVICE_REMOVED, times: 1 });
  await expect(open()).rejects.toMatchObject({
    name: 'Pkcs11Failure',
    message: expect.stringContaining('C_Initialize answered CKR_DEVICE_REMOVED (0x32)') as unknown,
  });
  await (await open()).close();
});

it('a module without read-only sessions is used with read-write sessions', async () => {
  faulty.inject({ on: 'C_OpenSession', does: 'demand-read-write' });
  const opened = await callsOf('C_OpenSession', async () => {
    const keyManager = await open({ healthKey: 'made-by-read-write' });
    await roundTrip(keyManager);
    expect(await keyManager.describeKey({ label: 'made-by-read-write' })).toMatchObject({ keySpec: 'AES_256' });
    await keyManager.close();
  });
  // One session that was refused; then sessions for the login, to find the key, to make it, and for the operations.
  expect(opened).toBe(5);
});

describe('two modules of one process', () => {
  it('have independent faults and counts', async () => {
    const other = createFaultyModule(softHsm);
    const [first, second] = [await open(), await open({ module: other.module })];
    faulty.inject({ on: 'C_Encrypt', does: 'answer', code: pkcs11js.CKR_DEVICE_ERROR });
    await expect(roundTrip(first)).rejects.toMatchObject({ errorName: 'InternalException' });
    await roundTrip(second);
    expect(other.counts().get('C_Encrypt')).toBe(1);
    await second.close();
    await first.close();
    other.dispose();
  });

  it('can be two HSMs, of which one may close without the other', async () => {
    const other = createFaultyModule({ ...softHsm, separate: true });
    const [first, second] = [await open(), await open({ module: other.module })];
    faulty.inject({ on: 'C_Encrypt', does: 'close-all-sessions', times: 1 });
    await roundTrip(second);
    await roundTrip(first);
    expect(other.counts().get('C_Login')).toBe(1);
    await first.close();
    await roundTrip(second);
    await second.close();
    other.dispose();
  });
});

it('a process crashes in the call in which the fault asks for it', () => {
  faulty.inject({ on: 'C_GetInfo', does: 'abort', from: 2 });
  const script = `
    const { PKCS11 } = require('pkcs11js');
    const module = new PKCS11();
    module.load(process.argv[1]);
    module.C_Initialize();
    module.C_GetInfo();
    console.log('first');
    module.C_GetInfo();
    console.log('second');
  `;
  const { signal, stdout } = spawnSync(process.execPath, ['-e', script, faulty.module], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...faulty.env },
    encoding: 'utf8',
  });
  expect({ signal, stdout }).toEqual({ signal: 'SIGABRT', stdout: 'first\n' });
});

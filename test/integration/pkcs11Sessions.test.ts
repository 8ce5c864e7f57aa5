import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyManager, Sealed } from '../../src/hsm/keyManager.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const gcm = { iv: 'random', gcmParameters: 'v2.40' } as const;

let softHsm: SoftHsmFixture;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', randomBytes(32));
  softHsm.importKey('other', randomBytes(32));
});

afterAll(() => {
  softHsm.dispose();
});

describe.each(['none', 'thread'] as const)('the sessions of a key manager with isolation: %s', (isolation) => {
  const [warn, error] = [vi.fn(), vi.fn()];
  let keyManager: KeyManager;

  beforeEach(async () => {
    const { module, tokenLabel, pin } = softHsm;
    keyManager = await openServingKeyManager(
      { name: 'softhsm', module, token: { label: tokenLabel }, pin, sessions: 2, ...gcm, isolation, timeoutMs: 10_000 },
      { modules: new ModuleRegistry(), logger: { info: () => undefined, warn, error }, clock: () => performance.now() },
    );
  });

  afterEach(async () => {
    await keyManager.close();
    warn.mockReset();
  });

  async function roundTrip(label: string): Promise<void> {
    const [plaintext, aad] = [randomBytes(50), randomBytes(20)];
    const sealed = await keyManager.encrypt({ label }, plaintext, aad);
    expect(Buffer.from(await keyManager.decrypt({ label }, sealed, aad))).toEqual(plaintext);
  }

  it('serve 100 operations at once, including failures', async () => {
    const invalid: Sealed = { ciphertext: randomBytes(5), iv: randomBytes(12), tag: randomBytes(16) };
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        if (index % 5 > 0) return roundTrip(index % 2 > 0 ? 'key' : 'other');
        await expect(keyManager.decrypt({ label: 'key' }, invalid, randomBytes(1))).rejects.toMatchObject({
          errorName: 'InvalidCiphertextException',
        });
      }),
    );
    expect(warn).not.toHaveBeenCalled();
  });

  it('are renewed with a new login after they were closed', async () => {
    await Promise.all([roundTrip('key'), roundTrip('key')]);
    softHsm.closeAllSessions();
    await Promise.all([roundTrip('key'), roundTrip('other'), roundTrip('key')]);
    expect(warn).toHaveBeenCalled();
  });

  it('are renewed before a key is reported as missing', async () => {
    softHsm.closeAllSessions();
    expect(await keyManager.describeKey({ label: 'key' })).toMatchObject({ keySpec: 'AES_256' });
    await expect(keyManager.describeKey({ label: 'absent' })).rejects.toMatchObject({
      errorName: 'KeyNotFoundException',
    });
  });

  it('find a key again after it was deleted and made again', async () => {
    softHsm.importKey(`renewed-${isolation}`, randomBytes(32));
    await roundTrip(`renewed-${isolation}`);
    softHsm.destroyKey(`renewed-${isolation}`);
    softHsm.importKey(`renewed-${isolation}`, randomBytes(32));
    await roundTrip(`renewed-${isolation}`);
    softHsm.destroyKey(`renewed-${isolation}`);
  });
});

describe('a key manager with one session', () => {
  it('answers ThrottlingException if the session is not free in time', async () => {
    const { module, tokenLabel, pin } = softHsm;
    const options = { name: 'softhsm', module, token: { label: tokenLabel }, pin, sessions: 1 };
    const keyManager = await openServingKeyManager(
      // A queue of this length takes more than one millisecond.
      { ...options, ...gcm, isolation: 'thread', timeoutMs: 1 },
      {
        modules: new ModuleRegistry(),
        logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
        clock: () => performance.now(),
      },
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, () => keyManager.encrypt({ label: 'key' }, randomBytes(4_300), randomBytes(8_192))),
    );
    const refusals = outcomes.map((outcome): unknown => (outcome.status === 'rejected' ? outcome.reason : undefined));
    expect(refusals).toContainEqual(expect.objectContaining({ errorName: 'ThrottlingException' }));
    await keyManager.close();
  });
});

import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DeepHealthCheck } from '../../../src/keyStores/deepHealthCheck.ts';
import { XksError } from '../../../src/xks/errors.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

let keyManager: InMemoryKeyManager;
let now: number;
let changes: (string | undefined)[][];
let check: DeepHealthCheck;

beforeEach(() => {
  keyManager = new InMemoryKeyManager().addKey('xks-health');
  now = 0;
  changes = [];
  check = new DeepHealthCheck({
    keyManager,
    clock: () => now,
    onChange: (...change) => changes.push(change),
  });
});

describe('health', () => {
  it('is UNAVAILABLE before the first check', () => {
    expect(check.health()).toEqual({ name: 'in-memory', healthStatus: 'UNAVAILABLE', description: undefined });
  });

  it('is ACTIVE after a round trip with the health key, with what the key manager says of itself', async () => {
    await check.check();
    expect(check.health()).toEqual({
      name: 'in-memory',
      healthStatus: 'ACTIVE',
      description: { id: 'memory-1', vendor: 'tests', model: 'in memory 1.0' },
    });
    expect(keyManager.encrypted).toHaveLength(1);
  });

  it('is UNAVAILABLE when the result is older than a minute', async () => {
    await check.check();
    now = 60_000;
    expect(check.health().healthStatus).toBe('ACTIVE');
    now = 60_001;
    expect(check.health().healthStatus).toBe('UNAVAILABLE');
  });

  it('is DEGRADED when the round trip is slow', async () => {
    const encrypt = keyManager.encrypt.bind(keyManager);
    keyManager.encrypt = (...args) => {
      now += 101;
      return encrypt(...args);
    };
    await check.check();
    expect(check.health().healthStatus).toBe('DEGRADED');
  });

  it('is DEGRADED when no session is free, and UNAVAILABLE when none has been for 30 seconds', async () => {
    await check.check();
    keyManager.failure = new XksError('ThrottlingException', 'busy');
    now = 30_000;
    await check.check();
    expect(check.health().healthStatus).toBe('DEGRADED');
    now = 30_001;
    await check.check();
    expect(check.health().healthStatus).toBe('UNAVAILABLE');
  });

  it.each([
    ['fails', () => (keyManager.failure = new XksError('InternalException', 'broken', { detail: 'CKR_DEVICE_ERROR' }))],
    ['lacks the health key', () => keyManager.keys.delete('xks-health')],
    ['decrypts to something else', () => (keyManager.decrypt = () => Promise.resolve(Buffer.alloc(32)))],
    ['throws what it should not', () => (keyManager.failure = new TypeError('oops'))],
  ])('is UNAVAILABLE when the key manager %s', async (_how, spoil) => {
    await check.check();
    spoil();
    await check.check();
    expect(check.health().healthStatus).toBe('UNAVAILABLE');
  });

  it('tells of changes only', async () => {
    await check.check();
    await check.check();
    keyManager.failure = new XksError('InternalException', 'broken', { detail: 'CKR_DEVICE_ERROR' });
    await check.check();
    await check.check();
    keyManager.failure = undefined;
    await check.check();
    expect(changes).toEqual([
      ['ACTIVE', undefined],
      ['UNAVAILABLE', 'broken (CKR_DEVICE_ERROR)'],
      ['ACTIVE', undefined],
    ]);
  });

  it('is left out after three operations that failed in a row, until a check passes', async () => {
    await check.check();
    const passing = Promise.withResolvers<undefined>();
    const describeIntact = keyManager.describe.bind(keyManager);
    keyManager.describe = () => passing.promise.then(describeIntact);
    for (const outcome of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) check[outcome]();
    expect(check.isLeftOut()).toBe(false);
    check.failed();
    expect(check.isLeftOut()).toBe(true);
    passing.resolve(undefined);
    await expect.poll(() => check.isLeftOut()).toBe(false);
    check.stop();
  });

  const failThrice = () => {
    for (let time = 0; time < 3; time += 1) check.failed();
  };

  it('is DEGRADED for a while after operations have failed that the check does not fail of', async () => {
    await check.check();
    failThrice();
    await expect.poll(() => check.isLeftOut()).toBe(false);
    check.stop();
    now += 10_000;
    await check.check();
    expect(check.health().healthStatus).toBe('DEGRADED');
    now += 1;
    await check.check();
    expect(check.health().healthStatus).toBe('ACTIVE');
  });

  it('is ACTIVE at once when a check has seen what failed, and sees it no more', async () => {
    await check.check();
    keyManager.failure = new XksError('InternalException', 'broken');
    failThrice();
    await expect.poll(() => changes.at(-1)).toEqual(['UNAVAILABLE', 'broken']);
    check.stop();
    keyManager.failure = undefined;
    await check.check();
    expect(check.health().healthStatus).toBe('ACTIVE');
  });

  it('stays left out for longer when operations fail again, though checks pass', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    await check.start();
    const leftOutMs: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      failThrice();
      let milliseconds = 0;
      await vi.advanceTimersByTimeAsync(0);
      for (; check.isLeftOut(); milliseconds += 500) await vi.advanceTimersByTimeAsync(500);
      leftOutMs.push(milliseconds);
      expect(check.health().healthStatus).toBe('DEGRADED');
    }
    expect(leftOutMs).toEqual([0, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    check.stop();
  });
});

describe('is lost', () => {
  const broken = new XksError('InternalException', 'broken');

  it('before the first check, not after one that passes', async () => {
    expect(check.isLost()).toBe(true);
    await check.check();
    expect(check.isLost()).toBe(false);
  });

  it('after two checks in a row that found it UNAVAILABLE, until one passes', async () => {
    await check.check();
    for (const failure of [broken, undefined, broken]) {
      keyManager.failure = failure;
      await check.check();
      expect(check.isLost()).toBe(false);
    }
    await check.check();
    expect(check.isLost()).toBe(true);
    keyManager.failure = undefined;
    await check.check();
    expect(check.isLost()).toBe(false);
  });

  it('not while it is DEGRADED', async () => {
    await check.check();
    keyManager.failure = new XksError('ThrottlingException', 'busy');
    for (let checks = 0; checks < 3; checks += 1) {
      await check.check();
      expect(check.health().healthStatus).toBe('DEGRADED');
      expect(check.isLost()).toBe(false);
    }
  });

  it('when its checks do not come back', async () => {
    await check.check();
    now = 60_001;
    expect(check.isLost()).toBe(true);
  });
});

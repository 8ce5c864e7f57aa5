import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withFailover } from '../../../src/keyStores/failover.ts';
import { HealthGuard } from '../../../src/keyStores/healthGuard.ts';
import { XksError } from '../../../src/xks/errors.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

const broken = new XksError('InternalException', 'broken', { detail: 'CKR_DEVICE_ERROR' });
const clock = () => performance.now();

let keyManager: InMemoryKeyManager;
let changes: (string | undefined)[][];
let guard: HealthGuard;

beforeEach(() => {
  vi.useFakeTimers();
  keyManager = new InMemoryKeyManager().addKey('xks-health');
  changes = [];
  guard = new HealthGuard({ keyManager, clock, onChange: (...change) => changes.push(change) });
});

afterEach(() => {
  guard.stop();
  vi.useRealTimers();
});

const status = () => guard.health().healthStatus;

function failThrice(): void {
  for (let time = 0; time < 3; time += 1) guard.failed();
}

/** Makes the next probes wait until the returned function is called. */
function holdProbes(): () => void {
  const held = Promise.withResolvers<undefined>();
  const describeIntact = keyManager.describe.bind(keyManager);
  keyManager.describe = () => held.promise.then(describeIntact);
  return () => {
    held.resolve(undefined);
  };
}

describe('health', () => {
  it('is UNAVAILABLE before the first probe', () => {
    expect(guard.health()).toEqual({ name: 'in-memory', healthStatus: 'UNAVAILABLE', description: undefined });
    expect(guard.isLeftOut()).toBe(true);
    expect(guard.isLost()).toBe(true);
  });

  it('is ACTIVE after a probe that passes, with the description of the key manager', async () => {
    await guard.start();
    expect(guard.health()).toEqual({
      name: 'in-memory',
      healthStatus: 'ACTIVE',
      description: { id: 'memory-1', vendor: 'tests', model: 'in memory 1.0' },
    });
    expect(guard.isLeftOut()).toBe(false);
    expect(guard.isLost()).toBe(false);
  });

  it('is UNAVAILABLE if probes do not return for a minute', async () => {
    await guard.start();
    keyManager.describe = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(status()).toBe('ACTIVE');
    await vi.advanceTimersByTimeAsync(1);
    expect(status()).toBe('UNAVAILABLE');
    expect(guard.isLeftOut()).toBe(true);
  });

  it('is DEGRADED when the probe is slow, and the key manager is used', async () => {
    const checkHealth = keyManager.checkHealth.bind(keyManager);
    keyManager.checkHealth = async () => {
      await vi.advanceTimersByTimeAsync(101);
      await checkHealth();
    };
    await guard.start();
    expect(changes).toEqual([['DEGRADED', 'its health check took 101 ms']]);
    expect(guard.isLeftOut()).toBe(false);
  });

  it('is DEGRADED while all sessions are busy, and the key manager is used', async () => {
    await guard.start();
    keyManager.failure = new XksError('ThrottlingException', 'busy');
    await guard.start();
    expect(changes.at(-1)).toEqual(['DEGRADED', 'busy']);
    expect(guard.isLeftOut()).toBe(false);
  });

  it('reports only changes', async () => {
    await guard.start();
    await guard.start();
    keyManager.failure = broken;
    await guard.start();
    await guard.start();
    keyManager.failure = undefined;
    await guard.start();
    expect(changes).toEqual([
      ['ACTIVE', undefined],
      ['UNAVAILABLE', 'broken (CKR_DEVICE_ERROR)'],
      ['ACTIVE', undefined],
    ]);
  });
});

describe('probes', () => {
  it('run every 10 seconds, and every 2 seconds while the status is not ACTIVE', async () => {
    const checkHealth = vi.spyOn(keyManager, 'checkHealth');
    await guard.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(checkHealth).toHaveBeenCalledTimes(4);
    keyManager.failure = broken;
    await vi.advanceTimersByTimeAsync(10_000);
    checkHealth.mockClear();
    keyManager.describe = () => Promise.resolve({ id: '', vendor: '', model: '' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(checkHealth).toHaveBeenCalledTimes(5);
  });

  it('use the given durations', async () => {
    const durations = {
      intervalMs: 7,
      retryMs: 1,
      longestRetryMs: 2,
      probationMs: 3,
      maxAgeMs: 60,
      busyMs: 30,
      slowMs: 1,
    };
    const quick = new HealthGuard({ keyManager, clock, onChange: () => undefined, durations });
    await quick.start();
    await vi.advanceTimersByTimeAsync(70);
    quick.stop();
    expect(keyManager.encrypted).toHaveLength(11);
  });
});

describe('a key manager is left out', () => {
  it('at once after a probe fails, so that requests go to a replica first, until a probe passes', async () => {
    const replica = new HealthGuard({
      keyManager: new InMemoryKeyManager().addKey('xks-health'),
      clock,
      onChange: vi.fn(),
    });
    await Promise.all([guard.start(), replica.start()]);
    const asked = async () => {
      const order: unknown[] = [];
      const all = withFailover([guard, replica], clock, (manager) => {
        order.push(manager);
        return Promise.reject(broken);
      });
      await expect(all).rejects.toBe(broken);
      return order;
    };
    expect(await asked()).toEqual([keyManager, replica.keyManager]);
    keyManager.failure = broken;
    await guard.start();
    expect(status()).toBe('UNAVAILABLE');
    expect(await asked()).toEqual([replica.keyManager, keyManager]);
    keyManager.failure = undefined;
    await guard.start();
    expect(await asked()).toEqual([keyManager, replica.keyManager]);
    replica.stop();
  });

  it('after three operations that failed in a row, until a probe passes', async () => {
    await guard.start();
    const release = holdProbes();
    for (const outcome of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) guard[outcome]();
    expect(guard.isLeftOut()).toBe(false);
    guard.failed();
    expect(guard.isLeftOut()).toBe(true);
    expect(changes.at(-1)).toEqual(['DEGRADED', '3 operations failed in a row']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(guard.isLeftOut()).toBe(true);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(guard.isLeftOut()).toBe(false);
  });

  it('although a probe passes that was running when operations failed', async () => {
    await guard.start();
    const release = holdProbes();
    const underWay = guard.start();
    await vi.advanceTimersByTimeAsync(1);
    failThrice();
    release();
    await underWay;
    expect(guard.isLeftOut()).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(guard.isLeftOut()).toBe(false);
  });

  it('but not after it is back, when it is DEGRADED for 10 seconds', async () => {
    await guard.start();
    failThrice();
    await vi.advanceTimersByTimeAsync(0);
    expect(guard.isLeftOut()).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(status()).toBe('DEGRADED');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(status()).toBe('ACTIVE');
  });

  it('but not after a probe has detected the failure and its end', async () => {
    await guard.start();
    keyManager.failure = new XksError('InternalException', 'broken');
    failThrice();
    await vi.advanceTimersByTimeAsync(0);
    expect(changes.at(-1)).toEqual(['UNAVAILABLE', 'broken']);
    keyManager.failure = undefined;
    await guard.start();
    expect(status()).toBe('ACTIVE');
    expect(guard.isLeftOut()).toBe(false);
  });

  it('for longer after each new series of failures, although probes pass', async () => {
    await guard.start();
    const leftOutMs: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      failThrice();
      let milliseconds = 0;
      await vi.advanceTimersByTimeAsync(0);
      for (; guard.isLeftOut(); milliseconds += 500) await vi.advanceTimersByTimeAsync(500);
      leftOutMs.push(milliseconds);
      expect(status()).toBe('DEGRADED');
    }
    expect(leftOutMs).toEqual([0, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('without continuous probes while every operation and every probe fails', async () => {
    await guard.start();
    keyManager.failure = broken;
    const describeFailing = vi.spyOn(keyManager, 'describe');
    for (let time = 0; time < 100; time += 1) {
      failThrice();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(describeFailing).toHaveBeenCalledOnce();
  });
});

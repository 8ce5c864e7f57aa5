import { describe, expect, it } from 'vitest';
import { withFailover, type GuardedKeyManager } from '../../../src/keyStores/failover.ts';
import { XksError, type XksErrorName } from '../../../src/xks/errors.ts';
import type { HealthStatus } from '../../../src/xks/messages/getHealthStatus.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

interface Told extends GuardedKeyManager {
  readonly told: string[];
}

function guarded(healthStatus: HealthStatus = 'ACTIVE'): Told {
  const told: string[] = [];
  return {
    keyManager: new InMemoryKeyManager(),
    health: () => ({ name: 'in-memory', healthStatus, description: undefined }),
    changes: () => [],
    isLost: () => healthStatus === 'UNAVAILABLE',
    isLeftOut: () => healthStatus === 'UNAVAILABLE',
    succeeded: () => told.push('succeeded'),
    failed: () => told.push('failed'),
    told,
  };
}

/** The key managers that were used, in order, and the result, if each of them behaves as `outcomes` says. */
async function run(managers: readonly Told[], outcomes: readonly (XksErrorName | 'ok')[]) {
  const used: number[] = [];
  const clock = () => performance.now();
  const result = withFailover(managers, clock, (keyManager) => {
    const index = managers.findIndex((manager) => manager.keyManager === keyManager);
    used.push(index);
    const outcome = outcomes[index] ?? 'ok';
    return outcome === 'ok' ? Promise.resolve(index) : Promise.reject(new XksError(outcome, `of ${index}`));
  });
  const end = await result.then(
    (served) => ({ served }),
    (error: unknown) => ({ error: (error as XksError).message }),
  );
  return { ...end, used };
}

describe('withFailover', () => {
  it('uses the first key manager while it serves', async () => {
    const managers = [guarded(), guarded()];
    expect(await run(managers, ['ok', 'ok'])).toEqual({ served: 0, used: [0] });
    expect(managers.map(({ told }) => told)).toEqual([['succeeded'], []]);
  });

  it.each<XksErrorName>(['InternalException', 'DependencyTimeoutException'])(
    'tries the next one after %s, and reports the failure to the first',
    async (name) => {
      const managers = [guarded(), guarded()];
      expect(await run(managers, [name, 'ok'])).toEqual({ served: 1, used: [0, 1] });
      expect(managers.map(({ told }) => told)).toEqual([['failed'], ['succeeded']]);
    },
  );

  it.each<XksErrorName>(['ThrottlingException', 'KeyNotFoundException'])(
    'tries the next one after %s, which is not a failure',
    async (name) => {
      const managers = [guarded(), guarded()];
      expect(await run(managers, [name, 'ok'])).toEqual({ served: 1, used: [0, 1] });
      expect(managers[0]?.told).toEqual([]);
    },
  );

  it.each<XksErrorName>(['InvalidCiphertextException', 'InvalidKeyUsageException'])(
    'does not try another one after %s',
    async (name) => {
      expect(await run([guarded(), guarded()], [name, 'ok'])).toEqual({ error: 'of 0', used: [0] });
    },
  );

  it('tries a key manager last if it cannot serve', async () => {
    const managers = [guarded('UNAVAILABLE'), guarded('DEGRADED'), guarded()];
    const outcomes = ['ok', 'InternalException', 'InternalException'] as const;
    expect(await run(managers, outcomes)).toEqual({ served: 0, used: [1, 2, 0] });
  });

  it("throws the first one's error if none serves", async () => {
    const outcomes = ['InternalException', 'DependencyTimeoutException'] as const;
    expect(await run([guarded(), guarded()], outcomes)).toEqual({ error: 'of 0', used: [0, 1] });
    expect(await run([guarded('UNAVAILABLE')], outcomes)).toEqual({ error: 'of 0', used: [0] });
  });
});

describe('the time of withFailover', () => {
  const timeoutMs = 200;

  /** The deadlines of the key managers, if each of them takes `takes` milliseconds to fail. */
  async function share(managers: readonly Told[], takes: readonly number[], error: XksErrorName = 'InternalException') {
    let now = 1_000;
    const deadlines: Record<number, number> = {};
    const result = withFailover(
      managers,
      () => now,
      (keyManager, deadline) => {
        const index = managers.findIndex((manager) => manager.keyManager === keyManager);
        deadlines[index] = deadline - 1_000;
        now += takes[index] ?? 0;
        return Promise.reject(new XksError(error, `of ${index}`));
      },
    );
    await expect(result).rejects.toMatchObject({ errorName: error, message: 'of 0' });
    return deadlines;
  }

  it('is given in full to the only key manager', async () => {
    expect(await share([guarded()], [0])).toEqual({ 0: timeoutMs });
  });

  it('is split: half of the rest for each that serves, and all of it for the last one', async () => {
    expect(await share([guarded(), guarded(), guarded()], [100, 50, 0])).toEqual({ 0: 100, 1: 150, 2: 200 });
    expect(await share([guarded(), guarded(), guarded()], [0, 40, 0])).toEqual({ 0: 100, 1: 100, 2: 200 });
  });

  it('is not reserved for a key manager that probably cannot serve, which gets the rest', async () => {
    expect(await share([guarded(), guarded('UNAVAILABLE')], [150, 0])).toEqual({ 0: 200, 1: 200 });
  });

  it('is over at the deadline, after which no key manager is tried', async () => {
    expect(await share([guarded(), guarded('UNAVAILABLE')], [200, 0], 'DependencyTimeoutException')).toEqual({
      0: 200,
    });
  });

  it('is the longest time limit of the key managers', async () => {
    const patient = { ...guarded(), keyManager: Object.assign(new InMemoryKeyManager(), { timeoutMs: 600 }) };
    expect(await share([guarded(), patient], [0, 0])).toEqual({ 0: 300, 1: 600 });
  });
});

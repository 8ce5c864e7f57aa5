import { describe, expect, it } from 'vitest';
import { withFailover, type GuardedKeyManager } from '../../../src/hsm/failover.ts';
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
    health: () => ({ healthStatus, description: undefined }),
    succeeded: () => told.push('succeeded'),
    failed: () => told.push('failed'),
    told,
  };
}

/** Which key managers were used, in order, when each of them does what `outcomes` says; and how it ended. */
async function run(managers: readonly Told[], outcomes: readonly (XksErrorName | 'ok')[]) {
  const used: number[] = [];
  const result = withFailover(managers, (keyManager) => {
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
  it('uses the first key manager as long as it serves', async () => {
    const managers = [guarded(), guarded()];
    expect(await run(managers, ['ok', 'ok'])).toEqual({ served: 0, used: [0] });
    expect(managers.map(({ told }) => told)).toEqual([['succeeded'], []]);
  });

  it.each<XksErrorName>(['InternalException', 'DependencyTimeoutException'])(
    'goes on to the next one after %s, and tells the first that it failed',
    async (name) => {
      const managers = [guarded(), guarded()];
      expect(await run(managers, [name, 'ok'])).toEqual({ served: 1, used: [0, 1] });
      expect(managers.map(({ told }) => told)).toEqual([['failed'], ['succeeded']]);
    },
  );

  it.each<XksErrorName>(['ThrottlingException', 'KeyNotFoundException'])(
    'goes on to the next one after %s, which is no failure',
    async (name) => {
      const managers = [guarded(), guarded()];
      expect(await run(managers, [name, 'ok'])).toEqual({ served: 1, used: [0, 1] });
      expect(managers[0]?.told).toEqual([]);
    },
  );

  it.each<XksErrorName>(['InvalidCiphertextException', 'InvalidKeyUsageException'])(
    'does not ask another one after %s',
    async (name) => {
      expect(await run([guarded(), guarded()], [name, 'ok'])).toEqual({ error: 'of 0', used: [0] });
    },
  );

  it('leaves one that cannot serve for last', async () => {
    const managers = [guarded('UNAVAILABLE'), guarded('DEGRADED'), guarded()];
    const outcomes = ['ok', 'InternalException', 'InternalException'] as const;
    expect(await run(managers, outcomes)).toEqual({ served: 0, used: [1, 2, 0] });
  });

  it('throws what the first one threw when none serves', async () => {
    const outcomes = ['InternalException', 'DependencyTimeoutException'] as const;
    expect(await run([guarded(), guarded()], outcomes)).toEqual({ error: 'of 0', used: [0, 1] });
    expect(await run([guarded('UNAVAILABLE')], outcomes)).toEqual({ error: 'of 0', used: [0] });
  });
});

import pkcs11js from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../support/faultyModule.ts';
import { FaultyProxy } from '../support/faultyProxy.ts';

// Health checks are at most ten seconds apart.
const CHECKED = { timeout: 60_000, interval: 200 };
const BOTH_ACTIVE = ['ACTIVE', 'ACTIVE'];

let proxy: FaultyProxy;

// A key store with two HSMs for each of the tests that run at once.
beforeAll(async () => {
  const isolation = 'thread';
  const replicas = [{ isolation, timeoutMs: 500, sessions: 4 }, { isolation }];
  // Enough sessions that no request waits for one. With fewer, requests would get ThrottlingException while the health
  // check uses one.
  const roomy = [{ isolation, timeoutMs: 500, sessions: 16 }, { isolation }];
  proxy = await FaultyProxy.start(replicas, replicas, replicas, roomy);
});

afterAll(() => proxy.dispose());

/** Key managers that served requests of a store after this number of log records, in order, without repetitions. */
function servedBy(store: number, since: number): unknown[] {
  const records = proxy.running.log.slice(since).filter(({ keyStore }) => keyStore === `store-${store + 1}`);
  const names = records.flatMap(({ keyManager }) => (keyManager === undefined ? [] : [keyManager]));
  return names.filter((name, index) => name !== names[index - 1]);
}

describe('no request fails while the first HSM', () => {
  it.each<[string, readonly Fault[]]>([
    ['is gone', [{ on: '*', does: 'answer', code: pkcs11js.CKR_TOKEN_NOT_PRESENT }]],
    ['hangs', (['C_Encrypt', 'C_Decrypt'] as const).map((on) => ({ on, does: 'hang' }))],
    ['flips a bit', [{ on: 'C_Encrypt', does: 'flip-bit', byte: 5 }]],
    [
      'returns too many bytes',
      (['C_Encrypt', 'C_Decrypt'] as const).map((on) => ({ on, does: 'change-length', by: 9 })),
    ],
    ['cannot decrypt', [{ on: 'C_DecryptInit', does: 'answer', code: pkcs11js.CKR_DEVICE_ERROR }]],
  ])('%s', async (_, faults) => {
    const before = proxy.running.log.length;
    expect(await proxy.outcomes(3)).toEqual(Array(6).fill('ok'));
    proxy.module().inject(...faults);
    expect(await proxy.concurrentOutcomes(10)).toEqual(new Set(['ok']));
    expect(await proxy.outcomes(10)).toEqual(Array(20).fill('ok'));

    proxy.module().clear();
    await expect.poll(() => proxy.health(), CHECKED).toEqual(BOTH_ACTIVE);
    expect(await proxy.outcomes(3)).toEqual(Array(6).fill('ok'));
    await expect.poll(() => servedBy(0, before).at(-1)).toBe('1-1');
    expect(servedBy(0, before)).toContain('1-2');
    expect(servedBy(0, before).at(0)).toBe('1-1');
  });
});

describe.concurrent('GetHealthStatus reports', () => {
  it('a slow first HSM as DEGRADED, which still serves', async ({ expect }) => {
    const [store, slowly] = [1, { does: 'delay', milliseconds: 70 } as const];
    proxy.module(store).inject({ on: 'C_Encrypt', ...slowly }, { on: 'C_Decrypt', ...slowly });
    await expect.poll(() => proxy.health(store), CHECKED).toEqual(['DEGRADED', 'ACTIVE']);
    const before = proxy.running.log.length;
    expect(await proxy.outcomes(3, store)).toEqual(Array(6).fill('ok'));
    await expect.poll(() => servedBy(store, before)).toEqual(['2-1']);
  });

  it('a first HSM without a free session as DEGRADED', async ({ expect }) => {
    const store = 2;
    proxy.module(store).inject(
      { on: 'C_EncryptInit', does: 'close-all-sessions', times: 1 },
      // After the session of the login.
      { on: 'C_OpenSession', does: 'answer', code: pkcs11js.CKR_SESSION_COUNT, from: 2 },
    );
    expect(await proxy.outcomes(5, store)).toEqual(Array(10).fill('ok'));
    await expect.poll(() => proxy.health(store), CHECKED).toEqual(['DEGRADED', 'ACTIVE']);
  });

  it('an error while one HSM hangs and the other is gone', async ({ expect }) => {
    const store = 3;
    proxy.module(store, 0).inject({ on: 'C_Encrypt', does: 'hang' }, { on: 'C_Decrypt', does: 'hang' });
    proxy.module(store, 1).inject({ on: '*', does: 'answer', code: pkcs11js.CKR_DEVICE_REMOVED });
    for (const outcome of await proxy.concurrentOutcomes(5, store)) {
      expect(['DependencyTimeoutException', 'InternalException']).toContain(outcome);
    }
    await expect.poll(() => proxy.health(store), CHECKED).toBe('InternalException');

    for (const manager of [0, 1]) proxy.module(store, manager).clear();
    await expect.poll(() => proxy.health(store), CHECKED).toEqual(BOTH_ACTIVE);
    expect(await proxy.outcomes(10, store)).toEqual(Array(20).fill('ok'));
  });
});

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { FaultyProxy } from '../support/faultyProxy.ts';

const ONLY_OK = new Set(['ok']);

let proxy: FaultyProxy;

beforeAll(async () => {
  const slow = { isolation: 'thread', timeoutMs: 500 };
  proxy = await FaultyProxy.start([{ ...slow, sessions: 2 }], [{ ...slow, sessions: 1 }], [{}]);
});

afterEach(async () => {
  proxy.clear();
  for (const store of proxy.stores.keys()) {
    await expect.poll(() => proxy.outcomes(1, store)).toEqual(['ok', 'ok']);
  }
});

afterAll(() => proxy.dispose());

it.each(['C_Encrypt', 'C_Decrypt'] as const)(
  'a %s that hangs is answered with DependencyTimeoutException, and other requests succeed',
  async (on) => {
    const lift = proxy.module(0).inject({ on, does: 'hang', times: 1 });
    const probe = on === 'C_Encrypt' ? proxy.key.encryptProbe() : proxy.key.decryptProbe();
    const hanging = proxy.ask(probe, 0);
    expect(await proxy.concurrentOutcomes(20, 2)).toEqual(ONLY_OK);
    expect(await hanging).toEqual({
      status: 503,
      body: { errorName: 'DependencyTimeoutException', errorMessage: 'The key manager did not answer in time.' },
    });
    // The other session keeps serving.
    expect(await proxy.outcomes(10, 0)).toEqual(Array(20).fill('ok'));
    lift();
  },
);

it('the session of a hanging call is not lent again before the call returns, and not while another call uses it', async () => {
  const module = proxy.module(1);
  await proxy.outcomes(1, 1);
  const count = (name: string) => module.counts().get(name) ?? 0;
  const lift = module.inject({ on: 'C_Encrypt', does: 'hang', times: 1 });
  const [encryption] = await proxy.outcomes(1, 1);
  expect(encryption).toBe('DependencyTimeoutException');
  // The key store had only this session.
  const [begun, opened, closed] = [count('C_DecryptInit'), count('C_OpenSession'), count('C_CloseSession')];
  expect(new Set(await proxy.outcomes(10, 1))).toEqual(new Set(['DependencyTimeoutException']));
  expect(count('C_DecryptInit')).toBe(begun);

  lift();
  await expect.poll(() => proxy.outcomes(1, 1)).toEqual(['ok', 'ok']);
  expect([count('C_OpenSession') - opened, count('C_CloseSession') - closed]).toEqual([1, 1]);
});

it('if the HSM allows no more sessions, the answer is ThrottlingException', async () => {
  const CKR_SESSION_COUNT = 0xb1;
  // Without its session, the operation needs a new one.
  const lift = proxy
    .module(1)
    .inject(
      { on: 'C_DecryptInit', does: 'close-session', times: 1 },
      { on: 'C_OpenSession', does: 'answer', code: CKR_SESSION_COUNT },
    );
  const [, decryption] = await proxy.outcomes(1, 1);
  expect(decryption).toBe('ThrottlingException');
  expect(await proxy.ask(proxy.key.decryptProbe(), 1)).toMatchObject({ status: 429 });
  lift();
});

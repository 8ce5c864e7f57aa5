import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../support/faultyModule.ts';
import { FaultyProxy } from '../support/faultyProxy.ts';

const ISOLATIONS = ['none', 'thread'] as const;
const [ONLY_OK, ONLY_INTERNAL] = [new Set(['ok']), new Set(['InternalException'])];

// Errors while a token is lost: at once, or when an operation has waited for the token until its deadline.
const REFUSALS = ['InternalException', 'DependencyTimeoutException'];

let proxy: FaultyProxy;

// A store for each isolation. Operations that run when a token is lost wait for it until their deadline.
beforeAll(async () => {
  proxy = await FaultyProxy.start(...ISOLATIONS.map((isolation) => [{ isolation, sessions: 4, timeoutMs: 1_000 }]));
});

afterEach(() => {
  proxy.clear();
});

afterAll(() => proxy.dispose());

const LOSSES = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_SLOT_ID_INVALID',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_FUNCTION_FAILED',
  'CKR_GENERAL_ERROR',
] as const;
const FUNCTIONS = ['C_GenerateRandom', 'C_EncryptInit', 'C_Encrypt', 'C_DecryptInit', 'C_Decrypt'] as const;
// The error of SoftHSM and others for a bad tag. From a failed decryption alone, a loss cannot be detected.
const VAGUE = ['CKR_FUNCTION_FAILED', 'CKR_GENERAL_ERROR'];

describe.each(ISOLATIONS)('isolation: %s', (isolation) => {
  const store = ISOLATIONS.indexOf(isolation);

  describe.each(LOSSES)('no request fails after a single %s', (loss) => {
    it.each(FUNCTIONS.filter((on) => on !== 'C_Decrypt' || !VAGUE.includes(loss)))('from %s', async (on) => {
      proxy.module(store).inject({ on, does: 'answer', code: pkcs11js[loss], times: 1 });
      expect(await proxy.outcomes(1, store)).toEqual(['ok', 'ok']);
    });
  });

  it.each<Fault>([
    { on: 'C_EncryptInit', does: 'close-session', times: 1 },
    { on: 'C_Encrypt', does: 'close-session', times: 1 },
    { on: 'C_DecryptInit', does: 'close-all-sessions', times: 1 },
    { on: 'C_EncryptInit', does: 'log-out', times: 1 },
    { on: 'C_DecryptInit', does: 'invalidate-handles', times: 1 },
  ])('no request fails after a single $does before $on, however many requests it affects', async (fault) => {
    await proxy.concurrentOutcomes(8, store);
    const module = proxy.module(store);
    const logins = module.counts().get('C_Login') ?? 0;
    module.inject(fault);
    expect(await proxy.concurrentOutcomes(20, store)).toEqual(ONLY_OK);
    expect((module.counts().get('C_Login') ?? 0) - logins).toBeLessThanOrEqual(1);
  });

  it.each([
    'CKR_DEVICE_REMOVED',
    'CKR_TOKEN_NOT_PRESENT',
    'CKR_CRYPTOKI_NOT_INITIALIZED',
    'CKR_GENERAL_ERROR',
  ] as const)(
    'while an HSM answers only %s, requests get InternalException, and afterwards they succeed',
    async (loss) => {
      const other = 1 - store;
      const lift = proxy.module(store).inject({ on: '*', does: 'answer', code: pkcs11js[loss] });
      // The first operations may wait for the token until their deadline.
      expect(REFUSALS).toEqual(expect.arrayContaining([...(await proxy.concurrentOutcomes(10, store))]));
      await expect.poll(() => proxy.concurrentOutcomes(10, store)).toEqual(ONLY_INTERNAL);
      expect(await proxy.outcomes(10, store)).toEqual(Array(20).fill('InternalException'));
      expect(await proxy.concurrentOutcomes(10, other)).toEqual(ONLY_OK);

      lift();
      await expect.poll(() => proxy.outcomes(1, store)).toEqual(['ok', 'ok']);
      expect(await proxy.concurrentOutcomes(50, store)).toEqual(ONLY_OK);
    },
  );

  it('a loss and its end are logged', async () => {
    const keyManager = `${store + 1}-1`;
    const lift = proxy.module(store).inject({ on: '*', does: 'answer', code: pkcs11js.CKR_DEVICE_REMOVED });
    expect(REFUSALS).toEqual(expect.arrayContaining(await proxy.outcomes(1, store)));
    await expect.poll(() => proxy.outcomes(1, store)).toEqual(['InternalException', 'InternalException']);
    const lost = 'A token is lost: operations are refused until it has been repaired';
    await proxy.running.logged({ keyManager, level: 'error', msg: lost });
    lift();
    await proxy.running.logged({ keyManager, level: 'warn', msg: 'A token is back' });
  });
});

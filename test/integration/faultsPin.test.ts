import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createFaultyModule } from '../support/faultyModule.ts';
import { FaultyProxy } from '../support/faultyProxy.ts';
import { ProxyFiles, runCommand } from '../support/runningProxy.ts';

const REFUSALS = ['CKR_PIN_INCORRECT', 'CKR_PIN_LOCKED', 'CKR_PIN_EXPIRED'] as const;

let proxy: FaultyProxy;

// The last key manager has no fault.
beforeAll(async () => {
  proxy = await FaultyProxy.start(...[...REFUSALS, undefined].map(() => [{}]));
});

afterEach(() => {
  proxy.clear();
});

afterAll(() => proxy.dispose());

it('a wrong PIN at the start is tried once, and the proxy exits with advice', async () => {
  const files = new ProxyFiles({ tls: false });
  const faulty = createFaultyModule(files.softHsm);
  try {
    const [manager] = files.config.keyManagers;
    const pkcs11 = { ...manager?.pkcs11, module: faulty.module, pin: files.writeSecret('wrong-pin', 'not-the-pin') };
    // Replicas have the same user and PIN, so the others must not try it either.
    const keyManagers = ['softhsm', 'replica'].map((name) => ({ name, pkcs11 }));
    const keyStores = files.config.keyStores.map((store) => ({ ...store, keyManagers: ['softhsm', 'replica'] }));
    files.writeConfig({ ...files.config, keyManagers, keyStores });
    const { exitCode, stdout, stderr } = await runCommand(['serve', '--config', files.configFile], files.env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^key manager softhsm: The PIN was refused by token "first"\. It was tried once\. .+Correct the PIN/,
    );
    expect(stdout + stderr).not.toContain('not-the-pin');
    expect(faulty.counts().get('C_Login')).toBe(1);
  } finally {
    faulty.dispose();
    files.dispose();
  }
});

it.each(REFUSALS)(
  'after a login is lost and then refused with %s, the PIN was tried once, the log has an error, and it is never tried again',
  async (refusal) => {
    const store = REFUSALS.indexOf(refusal);
    const module = proxy.module(store);
    expect(await proxy.concurrentOutcomes(8, store)).toEqual(new Set(['ok']));
    const logins = () => module.counts().get('C_Login') ?? 0;
    const before = logins();
    module.inject(
      { on: 'C_EncryptInit', does: 'log-out', times: 1 },
      { on: 'C_Login', does: 'answer', code: pkcs11js[refusal] },
    );
    // Operations that run while another one notices the lost login notice it too.
    await proxy.concurrentOutcomes(20, store);
    expect(await proxy.outcomes(30, store)).toEqual(Array(60).fill('InternalException'));
    await proxy.running.logged({
      level: 'error',
      keyManager: `${store + 1}-1`,
      msg: 'A token refuses the PIN and is no longer repaired: correct the PIN in the configuration',
    });
    await expect.poll(() => proxy.health(store)).toBe('InternalException');

    // Not even if the PIN would be accepted now.
    proxy.clear();
    expect(await proxy.outcomes(30, store)).toEqual(Array(60).fill('InternalException'));
    expect(logins() - before).toBe(1);
    expect(await proxy.outcomes(10, REFUSALS.length)).toEqual(Array(20).fill('ok'));
  },
);

import { expect, it } from 'vitest';
import { createFaultyModule } from '../support/faultyModule.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

it('a module in a thread can run as many calls at once as it has sessions', async () => {
  const files = new ProxyFiles({ tls: false });
  const faulty = createFaultyModule(files.softHsm);
  const [manager] = files.config.keyManagers;
  const pkcs11 = { ...manager?.pkcs11, module: faulty.module, isolation: 'thread', sessions: 12, timeoutMs: 10_000 };
  files.writeConfig({ ...files.config, keyManagers: [{ name: 'softhsm', pkcs11 }] });
  const proxy = await RunningProxy.start(files);
  try {
    // All calls hang until all have begun, so with fewer threads no call would return.
    const before = faulty.counts().get('C_Encrypt') ?? 0;
    const lift = faulty.inject({ on: 'C_Encrypt', does: 'hang' });
    const answers = Array.from({ length: 12 }, () => proxy.post(paths.encrypt, encryptBody));
    await expect
      .poll(() => (faulty.counts().get('C_Encrypt') ?? 0) - before, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(12);
    lift();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(12).fill(200));
  } finally {
    faulty.clear();
    await proxy.dispose();
    faulty.dispose();
  }
});

import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { healthMetadata, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy, runCommand } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
});
afterAll(() => proxy.dispose());

async function health(): Promise<object> {
  return proxy.post(paths.health, { requestMetadata: healthMetadata });
}

const serves = {
  status: 200,
  body: { ekmFleetDetails: [{ healthStatus: expect.stringMatching(/ACTIVE|DEGRADED/) as string }] },
};

it('GetHealthStatus fails when the key manager does, and recovers with it', async () => {
  expect(await health()).toMatchObject(serves);

  proxy.files.softHsm.destroyKey('xks-health');
  // The next check is up to 10 seconds away.
  await vi.waitFor(
    async () => {
      expect(await health()).toMatchObject({ status: 500, body: { errorName: 'InternalException' } });
    },
    { timeout: 20_000, interval: 200 },
  );
  await proxy.logged({ level: 'error', healthStatus: 'UNAVAILABLE', keyManager: 'softhsm' });
  // What is wrong with the health key is not wrong with the others.
  await proxy.proveService();

  const { files } = proxy;
  const created = await runCommand(['key', 'create', 'xks-health', '--config', files.configFile], files.env);
  expect(created).toMatchObject({ exitCode: 0 });
  await vi.waitFor(
    async () => {
      expect(await health()).toMatchObject(serves);
    },
    { timeout: 20_000, interval: 200 },
  );
});

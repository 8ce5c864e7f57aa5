import { afterAll, beforeAll, expect, it } from 'vitest';
import { encryptBody, healthMetadata, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

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

it('GetHealthStatus fails while the key manager fails, and recovers with it', async () => {
  expect(await health()).toMatchObject(serves);

  const bringBack = proxy.files.softHsm.moveTokensAway();
  // After three failures in a row, the next health check runs earlier.
  for (let time = 0; time < 3; time += 1) {
    expect(await proxy.post(paths.encrypt, encryptBody)).toMatchObject({ status: 500 });
  }
  await expect.poll(health, { interval: 100 }).toMatchObject({ status: 500, body: { errorName: 'InternalException' } });
  await proxy.logged({ level: 'error', healthStatus: 'UNAVAILABLE', keyManager: 'softhsm' });

  bringBack();
  await expect.poll(health, { interval: 100 }).toMatchObject(serves);
  await proxy.proveService();
});

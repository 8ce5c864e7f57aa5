import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { encryptBody, healthMetadata, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const CKR_DEVICE_REMOVED = 0x32;

// Two modules with the same token: replicated HSMs that fail independently.
let files: ProxyFiles;
let preferred: FaultyModule;
let replica: FaultyModule;
let proxy: RunningProxy;

beforeEach(async () => {
  files = new ProxyFiles({ tls: false });
  preferred = createFaultyModule({ ...files.softHsm, separate: true });
  replica = createFaultyModule({ ...files.softHsm, separate: true });
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    keyManagers: [preferred, replica].map(({ module }, index) => ({
      name: `hsm-${index + 1}`,
      pkcs11: { ...manager?.pkcs11, module },
    })),
    keyStores: files.config.keyStores.map((store) => ({ ...store, keyManagers: ['hsm-1', 'hsm-2'] })),
  });
  proxy = await RunningProxy.start(files);
});

afterEach(async () => {
  preferred.clear();
  replica.clear();
  await proxy.dispose();
  preferred.dispose();
  replica.dispose();
});

async function encryptTimes(times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < times; time += 1) statuses.push((await proxy.post(paths.encrypt, encryptBody)).status);
  return statuses;
}

/** Names of the key managers that served encrypts, in order, without repetitions. */
function servedBy(): unknown[] {
  const names = proxy.log.filter(({ operation }) => operation === 'Encrypt').map(({ keyManager }) => keyManager);
  return names.filter((name, index) => name !== names[index - 1]);
}

async function healthStatuses(): Promise<unknown> {
  const { status, body } = await proxy.post(paths.health, { requestMetadata: healthMetadata });
  if (status !== 200) return body['errorName'];
  return (body['ekmFleetDetails'] as { healthStatus: string }[]).map(({ healthStatus }) => healthStatus);
}

it('if one key manager fails, the next one serves, no request fails, and the first is used again when it is back', async () => {
  expect(await encryptTimes(3)).toEqual([200, 200, 200]);
  const sealed = await proxy.post(paths.encrypt, encryptBody);

  preferred.inject({ on: '*', does: 'answer', code: CKR_DEVICE_REMOVED });
  expect(await encryptTimes(10)).toEqual(Array(10).fill(200));
  const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body });
  expect(opened.body).toEqual({ plaintext: encryptBody.plaintext });
  expect(await healthStatuses()).toEqual(['UNAVAILABLE', 'ACTIVE']);

  preferred.clear();
  await expect.poll(healthStatuses, { interval: 250 }).toEqual(['ACTIVE', 'ACTIVE']);
  expect(await encryptTimes(3)).toEqual([200, 200, 200]);
  expect(servedBy()).toEqual(['hsm-1', 'hsm-2', 'hsm-1']);
});

it('a request fails only if no key manager can serve', async () => {
  for (const module of [preferred, replica]) module.inject({ on: '*', does: 'answer', code: CKR_DEVICE_REMOVED });
  expect(await encryptTimes(4)).toEqual([500, 500, 500, 500]);
  await expect.poll(healthStatuses, { timeout: 60_000, interval: 250 }).toBe('InternalException');

  for (const module of [preferred, replica]) module.clear();
  await expect.poll(healthStatuses, { interval: 250 }).toEqual(['ACTIVE', 'ACTIVE']);
  expect(await encryptTimes(3)).toEqual([200, 200, 200]);
});

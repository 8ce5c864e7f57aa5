import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CustomKeyStoreInvalidStateException,
  KMSInvalidStateException,
  XksProxyUriUnreachableException,
} from '@aws-sdk/client-kms';
import pkcs11js from 'pkcs11js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from '../support/certificates.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { KmsCaller, keyStoreInput, optionsFor, refusal } from '../support/kmsCaller.ts';
import { healthMetadata, paths } from '../support/messages.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { metadata } from '../support/scriptedProxy.ts';
import { httpAnswer, startScriptedServer } from '../support/scriptedTlsServer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

/** The time limit of AWS. The set-up before has more time, for a busy machine. */
const AS_AWS = ['--answer-within-ms', '250'];
// The proxy checks its HSMs at most ten seconds apart.
const PATIENTLY = { timeout: 60_000 };
const TOO_LATE =
  'AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. ' +
  'If you see this error repeatedly, report it to your external key store proxy administrator.';
const EKM_TOO_LATE =
  'The external key store proxy did not respond to the request in the time allotted. Retry the request. ' +
  'If you see this error repeatedly, report it to your external key store proxy administrator.';
const NO_EKM =
  'The external key store proxy rejected the request because it cannot communicate with the external key manager. ' +
  'Verify that the external key store proxy configuration is correct and that the external key manager is available.';

async function start(options: readonly string[], previous?: RunningLocalKms) {
  const running = await RunningLocalKms.startProcess(options, previous?.folder);
  return { running, kms: new KmsCaller(running) };
}

/** Starts a local KMS with the state of another one and other options. */
async function restart(previous: RunningLocalKms, options: readonly string[]) {
  previous.signal('SIGTERM');
  await previous.exitCode;
  return start(options, previous);
}

/** The number of retryable failures of Decrypt with this name that KMS has counted. */
async function errorsOf(running: RunningLocalKms, CustomKeyStoreId: string, ExceptionName: string) {
  const labels = { CustomKeyStoreId, KmsOperation: 'Decrypt', ErrorType: 'Retryable', ExceptionName };
  return valueOf(await metricsOf(running), 'XksProxyErrors', labels);
}

async function metricsOf({ endpoint }: RunningLocalKms) {
  return parseExposition(await (await fetch(`${endpoint}/metrics`)).text());
}

it('a proxy that does not answer gets each request twice, whatever the operation', async () => {
  let silent = false;
  const server = await startScriptedServer((socket) => {
    if (silent) return;
    const isHealth = server.requests.at(-1)?.includes('/health HTTP') ?? false;
    socket.write(httpAnswer(isHealth ? health : metadata));
  });
  const health = {
    xksProxyFleetSize: 1,
    xksProxyVendor: 'test',
    xksProxyModel: 'test 1',
    ekmVendor: 'test',
    ekmFleetDetails: [{ id: 'ekm-1', model: 'test', healthStatus: 'ACTIVE' }],
  };
  const ca = join(temporaryFolder({ 'ca.crt': testCertificates.ca.certificate }), 'ca.crt');
  const options = ['--resolve', `localhost=127.0.0.1:${server.port}`, '--ca', ca];
  const before = await start(options);
  const [store, other] = await Promise.all(
    ['/one', '/other'].map(async (prefix) => {
      const input = keyStoreInput(newCredential(), prefix);
      return (await before.kms.createCustomKeyStore(input)).CustomKeyStoreId ?? '';
    }),
  );
  if (store === undefined || other === undefined) throw new Error('key stores are missing');
  await before.kms.connect(store);
  const key = await before.kms.createKeyOver('foo', store);
  const { kms } = await restart(before.running, [...options, '--answer-within-ms', '1000']);
  silent = true;

  /** The bodies of new requests. Each one came twice. */
  let seen = server.requests.length;
  const expectTwo = (api: string) => {
    const [first, second, ...more] = server.requests.slice(seen).map((request) => request.split('\r\n\r\n'));
    seen = server.requests.length;
    expect(first?.[0]).toContain(`/${api} HTTP/1.1`);
    expect(second?.[1]).toBe(first?.[1]);
    expect(more).toEqual([]);
  };
  expect(await refusal(kms.encryptText(key, 'x'), KMSInvalidStateException)).toBe(TOO_LATE);
  expectTwo('kms/xks/v1/keys/foo/encrypt');
  expect(await refusal(kms.createKeyOver('bar', store), CustomKeyStoreInvalidStateException)).toBe(TOO_LATE);
  expectTwo('kms/xks/v1/keys/bar/metadata');
  const input = keyStoreInput(newCredential(), '/third');
  expect(await refusal(kms.createCustomKeyStore(input), XksProxyUriUnreachableException)).toBe(TOO_LATE);
  expectTwo('third/kms/xks/v1/health');
  await kms.connectCustomKeyStore({ CustomKeyStoreId: other });
  await kms.reaches(other, 'FAILED');
  expect(await kms.keyStore(other)).toMatchObject({ ConnectionErrorCode: 'XKS_PROXY_TIMED_OUT' });
  expectTwo('other/kms/xks/v1/health');
});

describe('a real proxy', () => {
  // The first key store has an HSM that fails. The second has two, which fail independently.
  let files: ProxyFiles;
  let modules: readonly FaultyModule[];
  let proxy: RunningProxy;

  beforeAll(async () => {
    files = new ProxyFiles();
    modules = [1, 2, 3].map(() => createFaultyModule({ ...files.softHsm, separate: true }));
    const [manager] = files.config.keyManagers;
    const keyManagers = modules.map(({ module }, index) => ({
      name: `hsm-${index + 1}`,
      pkcs11: { ...manager?.pkcs11, module, isolation: 'thread', timeoutMs: 1_000 },
    }));
    const [first, second] = files.config.keyStores;
    const keyStores = [
      { ...first, keyManagers: ['hsm-1'], keys: [{ id: 'foo' }, { id: 'another', label: 'foo' }] },
      { ...second, keyManagers: ['hsm-2', 'hsm-3'] },
    ];
    files.writeConfig({ ...files.config, keyManagers, keyStores });
    proxy = await RunningProxy.start(files);
  });
  beforeEach(async () => {
    const health = async () => (await proxy.post(paths.health, { requestMetadata: healthMetadata })).status;
    await expect.poll(health, PATIENTLY).toBe(200);
  });
  afterAll(async () => {
    for (const module of modules) module.clear();
    await proxy.dispose();
    for (const module of modules) module.dispose();
  });

  function moduleOf(index: number): FaultyModule {
    const module = modules[index];
    if (!module) throw new Error(`There is no module ${index}`);
    onTestFinished(() => {
      module.clear();
    });
    return module;
  }

  it('that is stopped answers too late, and serves when it is continued', async () => {
    const before = await start(optionsFor(proxy));
    const store = await before.kms.createConnectedKeyStore(files);
    const key = await before.kms.createKeyOver('foo', store);
    const blob = await before.kms.encryptText(key, 'patience');
    const { running, kms } = await restart(before.running, [...optionsFor(proxy), ...AS_AWS]);

    proxy.signal('SIGSTOP');
    onTestFinished(() => {
      proxy.signal('SIGCONT');
    });
    expect(await refusal(kms.decryptText(blob), KMSInvalidStateException)).toBe(TOO_LATE);
    const call = { CustomKeyStoreId: store, KmsOperation: 'Decrypt', XksOperation: 'Decrypt' };
    const samples = await metricsOf(running);
    expect(await errorsOf(running, store, 'XksProxyUnreachableException')).toBe(1);
    // Twice 250 ms in one request.
    expect(valueOf(samples, 'XksProxyLatency_count', call)).toBe(1);
    expect(valueOf(samples, 'XksProxyLatency_bucket', { ...call, le: '250' })).toBe(0);

    proxy.signal('SIGCONT');
    await expect.poll(() => kms.decryptText(blob).catch(() => 'none'), PATIENTLY).toBe('patience');
    expect(await kms.keyStore(store)).toMatchObject({ ConnectionState: 'CONNECTED' });
  });

  const GONE: Fault = { on: '*', does: 'answer', code: pkcs11js.CKR_DEVICE_REMOVED };

  it('reports an HSM that hangs', async () => {
    const { running, kms } = await start(optionsFor(proxy));
    const store = await kms.createConnectedKeyStore(files);
    const key = await kms.createKeyOver('foo', store);
    const blob = await kms.encryptText(key, 'kept');
    const module = moduleOf(0);
    module.inject({ on: 'C_Decrypt', does: 'hang' });
    expect(await refusal(kms.decryptText(blob), KMSInvalidStateException)).toBe(EKM_TOO_LATE);
    expect(await errorsOf(running, store, 'DependencyTimeoutException')).toBe(1);
    module.clear();
    await expect.poll(() => kms.decryptText(blob).catch(() => 'none'), PATIENTLY).toBe('kept');
  });

  it('whose HSM is gone gets no key and no connection', async () => {
    const { running, kms } = await start(optionsFor(proxy));
    const store = await kms.createConnectedKeyStore(files);
    const key = await kms.createKeyOver('foo', store);
    const blob = await kms.encryptText(key, 'kept');
    const module = moduleOf(0);
    module.inject(GONE);
    expect(await refusal(kms.decryptText(blob), KMSInvalidStateException)).toBe(NO_EKM);
    expect(await errorsOf(running, store, 'InternalException')).toBe(1);
    expect(await refusal(kms.createKeyOver('another', store), CustomKeyStoreInvalidStateException)).toBe(NO_EKM);
    const reconnected = async () => {
      await kms.disconnect(store);
      await kms.connectCustomKeyStore({ CustomKeyStoreId: store });
      const state = async () => (await kms.keyStore(store)).ConnectionState;
      await expect.poll(state, PATIENTLY).not.toBe('CONNECTING');
      return state();
    };
    await expect.poll(reconnected, PATIENTLY).toBe('FAILED');
    expect(await kms.keyStore(store)).toMatchObject({ ConnectionErrorCode: 'XKS_PROXY_INVALID_RESPONSE' });
    expect(
      await refusal(kms.connectCustomKeyStore({ CustomKeyStoreId: store }), CustomKeyStoreInvalidStateException),
    ).toBe(
      'ConnectCustomKeyStore is not valid for a custom key store whose connection state is FAILED. ' +
        'The connection state must be DISCONNECTED or CONNECTING or CONNECTED.',
    );
    module.clear();
    await expect.poll(reconnected, PATIENTLY).toBe('CONNECTED');
    expect(await kms.decryptText(blob)).toBe('kept');
  });

  it('with two HSMs fails no request when the first is lost, hangs or returns', async () => {
    const { running, kms } = await start([...optionsFor(proxy), '--health-check-seconds', '0.2']);
    const store = await kms.createConnectedKeyStore(files, files.otherCredential, OTHER_PREFIX);
    const key = await kms.createKeyOver('bar', store);
    let ended = false;
    let served = 0;
    const failures: unknown[] = [];
    const work = Array.from({ length: 4 }, async () => {
      while (!ended) {
        const text = `request ${served}`;
        const opened = await kms
          .encryptText(key, text)
          .then((blob) => kms.decryptText(blob))
          .catch((error: unknown) => error);
        if (opened === text) served += 1;
        else failures.push(opened);
        await sleep(10);
      }
    });
    const serves = (more: number) => expect.poll(() => served, PATIENTLY).toBeGreaterThan(served + more);
    const activeHsms = async () =>
      valueOf(await metricsOf(running), 'XksExternalKeyManagerStates', {
        CustomKeyStoreId: store,
        XksExternalKeyManagerState: 'Active',
      });
    const preferred = moduleOf(1);
    try {
      await serves(10);
      const lift = preferred.inject(GONE);
      await expect.poll(activeHsms, PATIENTLY).toBe(1);
      await serves(10);
      preferred.inject({ on: 'C_Encrypt', does: 'hang' }, { on: 'C_Decrypt', does: 'hang' });
      lift();
      await serves(10);
      preferred.clear();
      await expect.poll(activeHsms, PATIENTLY).toBe(2);
      await serves(10);
    } finally {
      ended = true;
      preferred.clear();
      await Promise.all(work);
    }
    expect(failures).toEqual([]);
    expect(running.log.filter(({ msg }) => msg === 'proxy failed')).toEqual([]);
    const servedBy = (keyManager: string) => proxy.log.some((record) => record['keyManager'] === keyManager);
    expect([servedBy('hsm-2'), servedBy('hsm-3')]).toEqual([true, true]);
  });
});

import { writeFileSync } from 'node:fs';
import { DeleteCustomKeyStoreCommand, UpdateCustomKeyStoreCommand } from '@aws-sdk/client-kms';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from '../support/certificates.ts';
import { createFaultyModule } from '../support/faultyModule.ts';
import { exceptionOfCli, kmsException } from '../support/kmsException.ts';
import { expectFailed, expectToConnectAgain, startKeyStore, startKms } from '../support/localKmsConnection.ts';
import { keyStoreMembers, LocalKmsKeyStore } from '../support/localKmsKeyStore.ts';
import { healthMetadata, paths } from '../support/messages.ts';
import {
  newFiles,
  reconfigure,
  shareProxy,
  startAgain,
  startProxy,
  stop,
  withFirstStore,
} from '../support/reconfigurableProxy.ts';
import { answerHealth } from '../support/scriptedProxy.ts';
import { httpAnswer, startScriptedServer, type Script } from '../support/scriptedTlsServer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

// Each test causes a real failure, and checks the state that KMS then reports for the key store.

const CKR_DEVICE_REMOVED = 0x32;

const shared = shareProxy();

describe('INVALID_CREDENTIALS', () => {
  it('the proxy has removed the credential', async () => {
    const proxy = shared();
    const { files, store } = await startKeyStore(proxy);
    await reconfigure(
      proxy,
      withFirstStore(files, ({ credentials }) => ({ credentials: credentials.slice(1) })),
    );
    await expectFailed(store, 'INVALID_CREDENTIALS', /^AuthenticationFailedException: /);
    await reconfigure(proxy);
    await expectToConnectAgain(store);
  });

  it('the proxy has another secret for the access key id, until KMS has it too', async () => {
    const proxy = shared();
    const { files, store } = await startKeyStore(proxy);
    const { accessKeyId, secretAccessKey: before } = files.credentials[0];
    const { secretAccessKey } = newCredential();
    onTestFinished(async () => {
      files.writeSecret(accessKeyId, before.reveal());
      await reconfigure(proxy);
    });
    files.writeSecret(accessKeyId, secretAccessKey.reveal());
    await reconfigure(proxy);
    await expectFailed(store, 'INVALID_CREDENTIALS', /^AuthenticationFailedException: /);
    const { XksProxyAuthenticationCredential } = keyStoreMembers({ accessKeyId, secretAccessKey });
    await store.client.send(
      new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: store.id, XksProxyAuthenticationCredential }),
    );
    expect(await store.describe()).toMatchObject({ ConnectionErrorCode: 'INVALID_CREDENTIALS' });
    await expectToConnectAgain(store);
  });
});

it('XKS_PROXY_INVALID_CONFIGURATION: the proxy has the key store at another path', async () => {
  const proxy = shared();
  const { files, store } = await startKeyStore(proxy);
  await reconfigure(
    proxy,
    withFirstStore(files, () => ({ uriPathPrefix: '/moved' })),
  );
  await expectFailed(store, 'XKS_PROXY_INVALID_CONFIGURATION', /^InvalidUriPathException: /);
  await reconfigure(proxy);
  await expectToConnectAgain(store);
});

it('XKS_PROXY_NOT_REACHABLE: the proxy does not run', async () => {
  const proxy = await startProxy();
  const { store } = await startKeyStore(proxy);
  await stop(proxy);
  await expectFailed(store, 'XKS_PROXY_NOT_REACHABLE', /^NotReachable: no TCP connection: connect ECONNREFUSED /);
  await startAgain(proxy);
  await expectToConnectAgain(store);
});

it('XKS_PROXY_TIMED_OUT: the process of the proxy stands still', async () => {
  const proxy = shared();
  const { store } = await startKeyStore(proxy, ['--answer-within-ms', '1000']);
  proxy.signal('SIGSTOP');
  onTestFinished(() => {
    proxy.signal('SIGCONT');
  });
  await expectFailed(store, 'XKS_PROXY_TIMED_OUT', /^TimedOut: no answer within 1000 ms$/);
  proxy.signal('SIGCONT');
  await expectToConnectAgain(store);
});

it('XKS_PROXY_INVALID_RESPONSE: the HSM of the proxy is gone, so the proxy answers InternalException', async () => {
  const files = newFiles();
  const module = createFaultyModule(files.softHsm);
  onTestFinished(() => {
    module.dispose();
  });
  files.writeConfig({
    ...files.config,
    keyManagers: files.config.keyManagers.map((manager) => ({
      ...manager,
      pkcs11: { ...manager.pkcs11, module: module.module },
    })),
  });
  const proxy = await startProxy(files);
  const { store } = await startKeyStore(proxy);
  module.inject({ on: '*', does: 'answer', code: CKR_DEVICE_REMOVED });
  // The proxy checks its HSM after some failed requests.
  for (let request = 0; request < 3; request += 1)
    await expect(proxy.proveService()).rejects.toThrow('InternalException');
  await proxy.logged({ healthStatus: 'UNAVAILABLE' });
  await expectFailed(
    store,
    'XKS_PROXY_INVALID_RESPONSE',
    /^InternalException: No key manager of this key store is able to serve\.$/,
  );
  module.clear();
  const health = () => proxy.post(paths.health, { requestMetadata: healthMetadata });
  await expect.poll(health, { interval: 200 }).toMatchObject({ status: 200 });
  await expectToConnectAgain(store);
});

function answerError(status: number, errorName: string): Script {
  return (socket) => socket.write(httpAnswer({ errorName, errorMessage: 'As the test has it.' }, { status }));
}

describe('a proxy', () => {
  it.each<[code: string, what: string, Script, detail: RegExp]>([
    [
      'XKS_PROXY_NOT_REACHABLE',
      'whose external key managers are all UNAVAILABLE',
      answerHealth('UNAVAILABLE'),
      /^EkmUnavailable: all external key managers are UNAVAILABLE$/,
    ],
    [
      'XKS_PROXY_NOT_REACHABLE',
      'that throttles',
      answerError(429, 'ThrottlingException'),
      /^ThrottlingException: As the test has it\.$/,
    ],
    [
      'XKS_PROXY_TIMED_OUT',
      'that waits for its external key manager in vain',
      answerError(503, 'DependencyTimeoutException'),
      /^DependencyTimeoutException: As the test has it\.$/,
    ],
    [
      'XKS_PROXY_ACCESS_DENIED',
      'that denies access',
      answerError(403, 'AccessDeniedException'),
      /^AccessDeniedException: As the test has it\.$/,
    ],
    [
      'XKS_PROXY_INVALID_RESPONSE',
      'behind a load balancer that answers with a page of its own',
      (socket) =>
        socket.write(httpAnswer('<h1>502 Bad Gateway</h1>', { status: 502, headers: { 'Content-Type': 'text/html' } })),
      /^InvalidResponse: HTTP 502, /,
    ],
    [
      'NETWORK_ERRORS',
      'that ends the connection instead of an answer',
      (socket) => socket.destroy(),
      /^ConnectionLost: closed /,
    ],
  ])('%s: %s', async (code, _what, script, detail) => {
    const healthy = answerHealth('ACTIVE');
    let answer = healthy;
    const { port } = await startScriptedServer((socket, count) => {
      answer(socket, count);
    });
    const store = await LocalKmsKeyStore.create(await startKms(port), keyStoreMembers(newCredential()));
    answer = script;
    await expectFailed(store, code, detail);
    answer = healthy;
    await expectToConnectAgain(store);
  });
});

it('INTERNAL_ERROR: KMS cannot read the private key of its client certificate', async () => {
  const { certificateFile, privateKeyFile } = writeKeyPair(temporaryFolder(), 'client', testCertificates.client);
  const { store } = await startKeyStore(shared(), ['--client-cert', certificateFile, '--client-key', privateKeyFile]);
  writeFileSync(privateKeyFile, 'garbage');
  await expectFailed(store, 'INTERNAL_ERROR', /^Internal: .*client\.key: /);
  writeFileSync(privateKeyFile, testCertificates.client.privateKey);
  await expectToConnectAgain(store);
});

it('a FAILED key store accepts no keys, is not deleted, and shows its error in the AWS CLI', async () => {
  const proxy = shared();
  const { files, kms, store } = await startKeyStore(proxy);
  await reconfigure(
    proxy,
    withFirstStore(files, () => ({ uriPathPrefix: '/moved' })),
  );
  expect(await store.connect()).toMatchObject({ ConnectionState: 'FAILED' });
  const { exitCode, stdout, stderr } = await kms.aws('connect-custom-key-store', '--custom-key-store-id', store.id);
  expect(exitCode).toBeGreaterThan(0);
  expect(stdout).toBe('');
  expect(exceptionOfCli(stderr)).toEqual({
    name: 'CustomKeyStoreInvalidStateException',
    operation: 'ConnectCustomKeyStore',
    message:
      'ConnectCustomKeyStore is not valid for a custom key store whose connection state is FAILED. ' +
      'The connection state must be DISCONNECTED or CONNECTING or CONNECTED.',
  });
  const remove = new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: store.id });
  await expect(store.client.send(remove)).rejects.toMatchObject(
    kmsException(
      'CustomKeyStoreInvalidStateException',
      'DeleteCustomKeyStore is not valid for a custom key store whose connection state is FAILED. ' +
        'The connection state must be DISCONNECTED.',
    ),
  );
  await expect(store.createKey()).rejects.toMatchObject(
    kmsException(
      'CustomKeyStoreInvalidStateException',
      'This KMS key is in a custom key store that is not connected to its external key store proxy.',
    ),
  );
});

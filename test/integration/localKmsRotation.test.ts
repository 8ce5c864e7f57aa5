import { setTimeout as sleep } from 'node:timers/promises';
import { EncryptCommand } from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { exceptionOfCli, kmsException } from '../support/kmsException.ts';
import { startKeyStore } from '../support/localKmsConnection.ts';
import { reconfigure, startProxy, withFirstStore } from '../support/reconfigurableProxy.ts';

it('the credential is replaced while the key store is connected, and no encrypt fails', async () => {
  const proxy = await startProxy();
  const { files, kms, store } = await startKeyStore(proxy);
  const [old, fresh] = files.credentials;
  await store.connect();
  const KeyId = await store.createKey();
  const failures: unknown[] = [];
  let done = 0;
  let stopped = false;
  const encrypt = async (): Promise<void> => {
    while (!stopped) {
      await store.client
        .send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('Hello') }))
        .catch((failure: unknown) => {
          failures.push(failure);
        });
      done += 1;
      await sleep(10);
    }
  };
  const clients = Array.from({ length: 3 }, encrypt);
  /** Resolves when the running calls and later ones have ended. */
  const moreEncrypts = async (): Promise<void> => {
    const enough = done + 20;
    await expect.poll(() => done).toBeGreaterThan(enough);
  };
  const update = ({ accessKeyId, secretAccessKey }: Credential) =>
    kms.aws(
      'update-custom-key-store',
      '--custom-key-store-id',
      store.id,
      '--xks-proxy-authentication-credential',
      JSON.stringify({ AccessKeyId: accessKeyId, RawSecretAccessKey: secretAccessKey.reveal() }),
    );
  await moreEncrypts();
  const refused = await update(newCredential());
  expect(exceptionOfCli(refused.stderr)).toMatchObject({
    ...kmsException(
      'XksProxyIncorrectAuthenticationCredentialException',
      'The external key store proxy rejected the request because it could not authenticate AWS KMS.',
    ),
    operation: 'UpdateCustomKeyStore',
  });
  await moreEncrypts();
  expect(await update(fresh)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  await moreEncrypts();
  await reconfigure(
    proxy,
    withFirstStore(files, ({ credentials }) => ({ credentials: credentials.slice(1) })),
  );
  await moreEncrypts();
  stopped = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  const encrypts = proxy.log.filter(({ operation }) => operation === 'Encrypt');
  expect(new Set(encrypts.map(({ accessKeyId }) => accessKeyId))).toEqual(
    new Set([old.accessKeyId, fresh.accessKeyId]),
  );
  expect(encrypts.at(-1)).toMatchObject({ accessKeyId: fresh.accessKeyId, outcome: 'success' });
  expect(await store.describe()).toMatchObject({
    ConnectionState: 'CONNECTED',
    XksProxyConfiguration: { AccessKeyId: fresh.accessKeyId },
  });
});

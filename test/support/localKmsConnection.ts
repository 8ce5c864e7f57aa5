import type { CreateCustomKeyStoreCommandInput } from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { testCertificates } from './certificates.ts';
import { keyStoreMembers, LocalKmsKeyStore } from './localKmsKeyStore.ts';
import { RunningLocalKms } from './runningLocalKms.ts';
import type { RunningProxy } from './runningProxy.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** A local KMS for which localhost is at that port; in the folder of one that has ended, with that one's state. */
export function startKms(port: number, options: readonly string[] = [], folder?: string): Promise<RunningLocalKms> {
  const route = ['--resolve', `localhost=127.0.0.1:${port}`];
  const { certificateFile } = writeKeyPair(temporaryFolder(), 'ca', testCertificates.ca);
  const quick = ['--connect-seconds', '0', '--disconnect-seconds', '0'];
  return RunningLocalKms.start([...route, ...quick, '--ca', certificateFile, ...options], folder);
}

/** A key store of a local KMS over a proxy, which could be connected. */
export async function startKeyStore(
  { port, files }: RunningProxy,
  kmsOptions: readonly string[] = [],
  members: Partial<CreateCustomKeyStoreCommandInput> = {},
) {
  const kms = await startKms(port, kmsOptions);
  const store = await LocalKmsKeyStore.create(kms, keyStoreMembers(files.credentials[0], members));
  return { files, kms, store };
}

/** What is tried fails with that code, `detail` is in KMS's log, and the key store cannot be connected again as it is. */
export async function expectFailed(store: LocalKmsKeyStore, code: string, detail: RegExp): Promise<void> {
  await store.connect();
  expect(await store.describe()).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode: code });
  const record = await store.kms.logged({ customKeyStoreId: store.id, to: 'FAILED', errorCode: code });
  expect(record['detail']).toMatch(detail);
  await expect(store.connect()).rejects.toMatchObject({
    name: 'CustomKeyStoreInvalidStateException',
    message:
      'ConnectCustomKeyStore is not valid for a custom key store whose connection state is FAILED. ' +
      'The connection state must be DISCONNECTED or CONNECTING or CONNECTED.',
  });
}

/** After the cause is mended. */
export async function expectToConnectAgain(store: LocalKmsKeyStore): Promise<void> {
  const disconnected = await store.disconnect();
  expect(disconnected.ConnectionState).toBe('DISCONNECTED');
  expect(disconnected).not.toHaveProperty('ConnectionErrorCode');
  const connected = await store.connect();
  expect(connected.ConnectionState).toBe('CONNECTED');
  expect(connected).not.toHaveProperty('ConnectionErrorCode');
}

import type { CreateCustomKeyStoreCommandInput } from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { testCertificates } from './certificates.ts';
import { keyStoreMembers, LocalKmsKeyStore } from './localKmsKeyStore.ts';
import { RunningLocalKms } from './runningLocalKms.ts';
import type { RunningProxy } from './runningProxy.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/**
 * Starts a local KMS for which localhost has that port. In the folder of an earlier one, it continues with that state.
 */
export function startKms(port: number, options: readonly string[] = [], folder?: string): Promise<RunningLocalKms> {
  const route = ['--resolve', `localhost=127.0.0.1:${port}`];
  const { certificateFile } = writeKeyPair(temporaryFolder(), 'ca', testCertificates.ca);
  const quick = ['--connect-seconds', '0', '--disconnect-seconds', '0'];
  return RunningLocalKms.start([...route, ...quick, '--ca', certificateFile, ...options], folder);
}

/** A key store of a local KMS with a proxy to which it could connect. */
export async function startKeyStore(
  { port, files }: RunningProxy,
  kmsOptions: readonly string[] = [],
  members: Partial<CreateCustomKeyStoreCommandInput> = {},
) {
  const kms = await startKms(port, kmsOptions);
  const store = await LocalKmsKeyStore.create(kms, keyStoreMembers(files.credentials[0], members));
  return { files, kms, store };
}

/**
 * Expects the connection to fail with this code, KMS to log `detail`, and a new attempt to fail while nothing has
 * changed.
 */
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

/** Expects a connection to succeed after the cause is fixed. */
export async function expectToConnectAgain(store: LocalKmsKeyStore): Promise<void> {
  const disconnected = await store.disconnect();
  expect(disconnected.ConnectionState).toBe('DISCONNECTED');
  expect(disconnected).not.toHaveProperty('ConnectionErrorCode');
  const connected = await store.connect();
  expect(connected.ConnectionState).toBe('CONNECTED');
  expect(connected).not.toHaveProperty('ConnectionErrorCode');
}

import {
  ConnectCustomKeyStoreCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  ScheduleKeyDeletionCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it, vi } from 'vitest';
import { exceptionOfCli, kmsException } from '../support/kmsException.ts';
import { startKeyStore, startKms } from '../support/localKmsConnection.ts';
import { LocalKmsKeyStore } from '../support/localKmsKeyStore.ts';
import { shareProxy } from '../support/reconfigurableProxy.ts';

const shared = shareProxy();

describe('CustomKeyStoreInvalidStateException', () => {
  const invalid = (message: string) => kmsException('CustomKeyStoreInvalidStateException', message);

  it('of a key store that is disconnected', async () => {
    const { store } = await startKeyStore(shared());
    const { client, id: CustomKeyStoreId } = store;
    await expect(client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }))).rejects.toMatchObject(
      invalid(
        'DisconnectCustomKeyStore is not valid for a custom key store whose connection state is DISCONNECTED. ' +
          'The connection state must be CONNECTED or CONNECTING or FAILED.',
      ),
    );
    await expect(store.createKey()).rejects.toMatchObject(
      invalid('This KMS key is in a custom key store that is not connected to its external key store proxy.'),
    );
  });

  it('of one that is connected', async () => {
    const { store } = await startKeyStore(shared());
    const { client, id: CustomKeyStoreId } = store;
    await store.connect();
    await expect(client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }))).rejects.toMatchObject(
      invalid('DeleteCustomKeyStore is not valid for a custom key store whose connection state is CONNECTED.'),
    );
    const update = { CustomKeyStoreId, XksProxyUriEndpoint: 'https://127.0.0.1' };
    await expect(client.send(new UpdateCustomKeyStoreCommand(update))).rejects.toMatchObject(
      invalid('UpdateCustomKeyStore of XksProxyUriEndpoint is not valid for a custom key store'),
    );
    expect(await store.describe()).toMatchObject({
      ConnectionState: 'CONNECTED',
      XksProxyConfiguration: { UriEndpoint: 'https://localhost' },
    });
  });

  it('of one that is being disconnected', async () => {
    const { store } = await startKeyStore(shared(), ['--disconnect-seconds', '3600']);
    const { client, id: CustomKeyStoreId } = store;
    await store.connect();
    await client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    expect(await store.describe()).toMatchObject({ ConnectionState: 'DISCONNECTING' });
    for (const [name, call] of [
      ['ConnectCustomKeyStore', () => client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }))],
      ['DisconnectCustomKeyStore', () => client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }))],
      ['DeleteCustomKeyStore', () => client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }))],
    ] as const) {
      await expect(call()).rejects.toMatchObject(
        invalid(`${name} is not valid for a custom key store whose connection state is DISCONNECTING.`),
      );
    }
  });
});

it('CustomKeyStoreNotFoundException: there is no such key store', async () => {
  const kms = await startKms(1);
  const client = kms.client();
  const unknown = { CustomKeyStoreId: 'cks-1234567890abcdef0' };
  for (const call of [
    () => client.send(new ConnectCustomKeyStoreCommand(unknown)),
    () => client.send(new DisconnectCustomKeyStoreCommand(unknown)),
    () => client.send(new DescribeCustomKeyStoresCommand(unknown)),
    () => client.send(new UpdateCustomKeyStoreCommand({ ...unknown, NewCustomKeyStoreName: 'Renamed' })),
    () => client.send(new DeleteCustomKeyStoreCommand(unknown)),
  ]) {
    await expect(call()).rejects.toMatchObject(
      kmsException(
        'CustomKeyStoreNotFoundException',
        'There is no custom key store with the ID cks-1234567890abcdef0.',
      ),
    );
  }
  await expect(new LocalKmsKeyStore(kms, unknown.CustomKeyStoreId).createKey()).rejects.toMatchObject(
    kmsException('CustomKeyStoreNotFoundException', 'Custom key store cks-1234567890abcdef0 does not exist.'),
  );
});

it('CustomKeyStoreHasCMKsException: the key store has a KMS key, until that is deleted', async () => {
  const { kms, store } = await startKeyStore(shared(), ['--day-seconds', '0.01']);
  await store.connect();
  const KeyId = await store.createKey();
  await store.disconnect();
  const { exitCode, stderr } = await kms.aws('delete-custom-key-store', '--custom-key-store-id', store.id);
  expect(exceptionOfCli(stderr)).toEqual({
    name: 'CustomKeyStoreHasCMKsException',
    operation: 'DeleteCustomKeyStore',
    message:
      'The custom key store contains KMS keys. Schedule their deletion, and delete the custom key store when they are deleted.',
  });
  expect(exitCode).toBeGreaterThan(0);
  await store.client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  const remove = () => store.client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: store.id }));
  await vi.waitFor(remove, { timeout: 20_000 });
  expect(await kms.client().send(new DescribeCustomKeyStoresCommand())).toMatchObject({ CustomKeyStores: [] });
});

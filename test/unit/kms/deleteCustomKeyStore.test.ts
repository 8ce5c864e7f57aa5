import { describe, expect, it } from 'vitest';
import { deleteCustomKeyStore } from '../../../src/kms/operations/customKeyStores/deleteCustomKeyStore.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

describe('DeleteCustomKeyStore', () => {
  it('deletes a disconnected one without keys', async () => {
    const kms = new LocalKmsUnderTest();
    const { customKeyStoreId } = kms.addKeyStore({}, 'DISCONNECTED');
    const other = kms.addKeyStore();
    await expect(kms.call(deleteCustomKeyStore, { CustomKeyStoreId: customKeyStoreId })).resolves.toEqual({});
    expect(kms.state.customKeyStores.list()).toEqual([other]);
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it('also closes connections to the proxy if the key store was never connected', async () => {
    const kms = new LocalKmsUnderTest();
    const { customKeyStoreId, proxy } = kms.addKeyStore({}, 'DISCONNECTED');
    await kms.call(deleteCustomKeyStore, { CustomKeyStoreId: customKeyStoreId });
    expect(kms.xksProxy.disconnected).toEqual([proxy.uriEndpoint]);
  });

  it.each(['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTING'] as const)('refuses one that is %s', async (state) => {
    const kms = new LocalKmsUnderTest();
    const { customKeyStoreId } = kms.addKeyStore({}, state);
    await expect(kms.call(deleteCustomKeyStore, { CustomKeyStoreId: customKeyStoreId })).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
      message: `DeleteCustomKeyStore is not valid for a custom key store whose connection state is ${state}. The connection state must be DISCONNECTED.`,
    });
    expect(kms.state.customKeyStores.list()).toHaveLength(1);
  });

  it.each(['Enabled', 'Disabled', 'PendingDeletion'] as const)('refuses one that has a key, %s', async (state) => {
    const kms = new LocalKmsUnderTest();
    const { customKeyStoreId } = kms.addKeyStore({}, 'DISCONNECTED');
    kms.addKey(customKeyStoreId, { state });
    await expect(kms.call(deleteCustomKeyStore, { CustomKeyStoreId: customKeyStoreId })).rejects.toMatchObject({
      errorName: 'CustomKeyStoreHasCMKsException',
      message:
        'The custom key store contains KMS keys. Schedule their deletion, and delete the custom key store when they are deleted.',
    });
    expect(kms.state.customKeyStores.list()).toHaveLength(1);
  });

  it('refuses an unknown one', async () => {
    await expect(
      new LocalKmsUnderTest().call(deleteCustomKeyStore, { CustomKeyStoreId: 'cks-0' }),
    ).rejects.toMatchObject({
      errorName: 'CustomKeyStoreNotFoundException',
      message: 'There is no custom key store with the ID cks-0.',
    });
  });
});

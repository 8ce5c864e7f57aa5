import { z } from 'zod';
import { requireConnectionState } from '../../connection/requireConnectionState.ts';
import { KmsError } from '../../kmsError.ts';
import { customKeyStoreId } from '../members.ts';
import { operation } from '../operation.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';

export const deleteCustomKeyStore = operation(
  z.object({ CustomKeyStoreId: customKeyStoreId }),
  (kms, { CustomKeyStoreId }, request) => {
    const store = findCustomKeyStore(kms, CustomKeyStoreId, request);
    requireConnectionState(store, 'DeleteCustomKeyStore', ['DISCONNECTED']);
    if (kms.state.keys.areIn(CustomKeyStoreId)) {
      throw new KmsError(
        'CustomKeyStoreHasCMKsException',
        'The custom key store contains KMS keys. Schedule their deletion; when they are deleted, delete the custom key store.',
      );
    }
    kms.state.customKeyStores.delete(CustomKeyStoreId);
    // That of the health check before it was created or updated, if it was not connected since.
    if (store.customKeyStoreType === 'EXTERNAL_KEY_STORE') kms.xksProxy.disconnect(store.proxy.uriEndpoint);
    return {};
  },
);

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
        'The custom key store contains KMS keys. Schedule their deletion, and delete the custom key store when they are deleted.',
      );
    }
    kms.state.customKeyStores.delete(CustomKeyStoreId);
    // A connection may be left from the health check of the creation or an update.
    if (store.customKeyStoreType === 'EXTERNAL_KEY_STORE') kms.xksProxy.disconnect(store.proxy.uriEndpoint);
    return {};
  },
);

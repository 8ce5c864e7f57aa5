import { z } from 'zod';
import { customKeyStoreId } from '../members.ts';
import { operation } from '../operation.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';

/** Disconnects a key store. Answers before it is disconnected. */
export const disconnectCustomKeyStore = operation(
  z.object({ CustomKeyStoreId: customKeyStoreId }),
  (kms, { CustomKeyStoreId }, request) => {
    kms.connector.disconnect(findCustomKeyStore(kms, CustomKeyStoreId, request));
    return {};
  },
);

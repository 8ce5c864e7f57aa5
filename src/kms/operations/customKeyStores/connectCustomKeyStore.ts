import { z } from 'zod';
import { customKeyStoreId } from '../members.ts';
import { operation } from '../operation.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';

/** Answers before the key store is connected: DescribeCustomKeyStores tells when it is, or why not. */
export const connectCustomKeyStore = operation(
  z.object({ CustomKeyStoreId: customKeyStoreId }),
  (kms, { CustomKeyStoreId }, request) => {
    kms.connector.connect(findCustomKeyStore(kms, CustomKeyStoreId, request), request.requestId);
    return {};
  },
);

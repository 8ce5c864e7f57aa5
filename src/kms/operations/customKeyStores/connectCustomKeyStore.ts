import { z } from 'zod';
import { findPresentCluster } from '../../clusters/servingClusters.ts';
import { customKeyStoreId } from '../members.ts';
import { operation } from '../operation.ts';
import { requireReadyCluster } from './clusterRules.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';

/** Answers before the key store is connected: DescribeCustomKeyStores tells when it is, or why not. */
export const connectCustomKeyStore = operation(
  z.object({ CustomKeyStoreId: customKeyStoreId }),
  (kms, { CustomKeyStoreId }, request) => {
    const store = findCustomKeyStore(kms, CustomKeyStoreId, request);
    if (store.customKeyStoreType === 'AWS_CLOUDHSM' && store.connectionState === 'DISCONNECTED') {
      const cluster = findPresentCluster(kms.state, store.cloudHsmClusterId);
      // Without one, the key store becomes FAILED: the service model has no exception for that.
      if (cluster) requireReadyCluster(kms, cluster);
    }
    kms.connector.connect(store, request.requestId);
    return {};
  },
);

import { z } from 'zod';
import { findPresentCluster } from '../../clusters/servingClusters.ts';
import { customKeyStoreId } from '../members.ts';
import { operation } from '../operation.ts';
import { requireReadyCluster } from './clusterRules.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';

/** Answers before the key store is connected. DescribeCustomKeyStores shows whether it is connected, or why it is not. */
export const connectCustomKeyStore = operation(
  z.object({ CustomKeyStoreId: customKeyStoreId }),
  (kms, { CustomKeyStoreId }, request) => {
    const store = findCustomKeyStore(kms, CustomKeyStoreId, request);
    if (store.customKeyStoreType === 'AWS_CLOUDHSM' && store.connectionState === 'DISCONNECTED') {
      const cluster = findPresentCluster(kms.state, store.cloudHsmClusterId);
      // Without a cluster, the key store becomes FAILED, because the service model has no exception for this case.
      if (cluster) requireReadyCluster(kms, cluster);
    }
    kms.connector.connect(store, request.requestId);
    return {};
  },
);

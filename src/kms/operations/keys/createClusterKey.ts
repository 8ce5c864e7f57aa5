import { ClusterFailure } from '../../../cloudHsm/clusterFailure.ts';
import { keyArn } from '../../arn.ts';
import { createKeyErrorOfCluster } from '../../failures/kmsErrorOf.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CloudHsmKey, CloudHsmKeyStore } from '../../state/records.ts';
import { findPresentCluster } from '../../clusters/findServingProblem.ts';
import { requireTwoHsms } from '../customKeyStores/clusterRules.ts';
import type { KmsRequest } from '../operation.ts';
import type { NewKey } from './createKeyRequest.ts';
import { findStoreForKey } from './findStoreForKey.ts';

type Wanted = Extract<NewKey, { readonly origin: 'AWS_CLOUDHSM' }>;

/** Makes key material in the cluster of a key store, and stores a KMS key with it. Rejects with KmsError. */
export async function createClusterKey(
  kms: LocalKms,
  wanted: Wanted,
  common: Omit<CloudHsmKey, keyof Wanted | 'creationDate' | 'backingKeyId' | 'isMaterialMissing'>,
  request: KmsRequest,
): Promise<CloudHsmKey> {
  const { customKeyStoreId } = wanted;
  const store = findStoreForKey(kms, customKeyStoreId, 'AWS_CLOUDHSM');
  const cluster = findPresentCluster(kms.state, store.cloudHsmClusterId);
  if (!cluster) throw createKeyErrorOfCluster('cluster not found');
  requireTwoHsms(kms.state, cluster);
  // The label tells the administrator of the cluster which KMS key it is for. AWS KMS Developer Guide, "Find the KMS keys".
  const backingKeyId = await makeKeyMaterial(kms, store, keyArn(kms.identity, common.keyId));
  try {
    findStoreForKey(kms, customKeyStoreId, 'AWS_CLOUDHSM');
  } catch (error) {
    // Disconnected meanwhile. Nobody would know of the key material.
    const { cloudHsmClusterId } = store;
    kms.state.keyMaterialDeletions.put({ keyId: common.keyId, customKeyStoreId, cloudHsmClusterId, backingKeyId });
    throw error;
  }
  const key = { ...common, ...wanted, creationDate: kms.clock(), backingKeyId, isMaterialMissing: false };
  kms.state.keys.insert(key);
  request.note({ customKeyStoreId, backingKey: JSON.stringify({ backingKeyId }) });
  return key;
}

async function makeKeyMaterial(kms: LocalKms, store: CloudHsmKeyStore, label: string): Promise<string> {
  try {
    const cluster = await kms.kmsUser.loggedIn(store);
    return (await cluster.generateKey(label)).id;
  } catch (error) {
    throw error instanceof ClusterFailure ? createKeyErrorOfCluster(error.reason, error.message) : error;
  }
}

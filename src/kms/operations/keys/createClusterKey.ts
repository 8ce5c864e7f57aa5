import { randomBytes } from 'node:crypto';
import { ClusterFailure } from '../../../cloudHsm/clusterFailure.ts';
import { keyArn } from '../../arn.ts';
import { createKeyErrorOfCluster } from '../../failures/kmsErrorOf.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CloudHsmKey, CloudHsmKeyStore } from '../../state/records.ts';
import { findPresentCluster } from '../../clusters/servingClusters.ts';
import { requireTwoHsms } from '../customKeyStores/clusterRules.ts';
import type { KmsRequest } from '../operation.ts';
import type { NewKey } from './createKeyRequest.ts';
import { findStoreForKey } from './findStoreForKey.ts';

const BACKING_KEY_ID_BYTES = 16;

type Wanted = Extract<NewKey, { readonly origin: 'AWS_CLOUDHSM' }>;

/** Creates key material in the cluster of a key store, and stores a KMS key with it. Rejects with KmsError. */
export async function createClusterKey(
  kms: LocalKms,
  wanted: Wanted,
  common: Omit<CloudHsmKey, keyof Wanted | 'creationDate' | 'backingKeyId' | 'isMaterialMissing'>,
  request: KmsRequest,
): Promise<CloudHsmKey> {
  const { customKeyStoreId } = wanted;
  const { keyId } = common;
  const store = findStoreForKey(kms, customKeyStoreId, 'AWS_CLOUDHSM');
  const { cloudHsmClusterId } = store;
  const cluster = findPresentCluster(kms.state, cloudHsmClusterId);
  if (!cluster) throw createKeyErrorOfCluster('cluster not found');
  requireTwoHsms(kms.state, cluster);
  const backingKeyId = randomBytes(BACKING_KEY_ID_BYTES).toString('hex');
  // Stored before the key material is created. If KMS or the cluster ends meanwhile, material without a KMS key is deleted later.
  kms.state.keyMaterialDeletions.put({ keyId, customKeyStoreId, cloudHsmClusterId, backingKeyId });
  kms.keysInCreation.add(keyId);
  try {
    await makeKeyMaterial(kms, store, keyId, backingKeyId);
    // Checked again, because the key store may have been disconnected meanwhile.
    findStoreForKey(kms, customKeyStoreId, 'AWS_CLOUDHSM');
    const key = { ...common, ...wanted, creationDate: kms.clock(), backingKeyId, isMaterialMissing: false };
    kms.state.together(() => {
      kms.state.keys.insert(key);
      kms.state.keyMaterialDeletions.delete(keyId);
    });
    request.note({ customKeyStoreId, backingKey: JSON.stringify({ backingKeyId }) });
    return key;
  } finally {
    kms.keysInCreation.delete(keyId);
  }
}

async function makeKeyMaterial(
  kms: LocalKms,
  store: CloudHsmKeyStore,
  keyId: string,
  backingKeyId: string,
): Promise<void> {
  try {
    const cluster = await kms.kmsUser.loggedIn(store);
    // The label shows the administrator of the cluster which KMS key the material is for. AWS KMS Developer Guide, "Find the KMS keys".
    await cluster.generateKey(keyArn(kms.identity, keyId), backingKeyId);
  } catch (error) {
    if (!(error instanceof ClusterFailure)) throw error;
    // If an HSM does not answer, it may or may not have created the key material, so the record of the deletion is kept.
    if (error.reason !== 'unreachable') kms.state.keyMaterialDeletions.delete(keyId);
    throw createKeyErrorOfCluster(error.reason, error.message);
  }
}

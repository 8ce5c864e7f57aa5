import { deleteKeyEvent } from '../events/cloudTrailEvent.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import type { EventTrail } from '../events/eventTrail.ts';
import type { LocalKms } from '../localKms.ts';
import type { KeyMaterialDeletion } from '../state/records.ts';

type Kms = Pick<LocalKms, 'identity' | 'state' | 'clock' | 'kmsUser' | 'keysInCreation'>;

/**
 * Tries once to delete the key material of each KMS key that was deleted or whose creation failed, and reports the outcome in an event.
 * Material that could not be deleted is orphaned. AWS KMS Developer Guide, "How to delete orphaned key material". After `ending`, no
 * further attempt starts; the next run makes it.
 */
export async function deleteKeyMaterial(kms: Kms, events: EventTrail, ending?: AbortSignal): Promise<void> {
  for (const deletion of kms.state.keyMaterialDeletions.list()) {
    if (ending?.aborted) return;
    const { keyId, customKeyStoreId, cloudHsmClusterId: clusterId, backingKeyId } = deletion;
    if (kms.keysInCreation.has(keyId)) continue;
    const deletionStatus = (await isDeleted(kms, deletion)) ? 'SUCCESS' : 'FAILURE';
    const additionalEventData = {
      customKeyStoreId,
      clusterId,
      backingKeys: JSON.stringify([{ backingKeyId }]),
      backingKeysDeletionStatus: JSON.stringify([{ backingKeyId, deletionStatus }]),
    };
    events.add(deleteKeyEvent(kms, { keyId }, additionalEventData));
    kms.state.keyMaterialDeletions.delete(keyId);
  }
}

async function isDeleted(
  { state, kmsUser }: Kms,
  { customKeyStoreId, backingKeyId }: KeyMaterialDeletion,
): Promise<boolean> {
  const store = state.customKeyStores.find(customKeyStoreId);
  if (store?.customKeyStoreType !== 'AWS_CLOUDHSM' || store.connectionState !== 'CONNECTED') return false;
  try {
    const cluster = await kmsUser.loggedIn(store);
    await cluster.deleteKey({ id: backingKeyId });
    return true;
  } catch (error) {
    if (error instanceof ClusterFailure) return error.reason === 'key not found';
    throw error;
  }
}

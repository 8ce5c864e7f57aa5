import type { LocalKms } from '../localKms.ts';
import type { CloudHsmKeyStore } from '../state/records.ts';

/**
 * Checks which keys of a connected key store have their key material in its cluster, and stores the result. Rejects with ClusterFailure.
 */
export async function checkKeyMaterial(
  { state, kmsUser }: Pick<LocalKms, 'state' | 'kmsUser'>,
  store: CloudHsmKeyStore,
): Promise<void> {
  const cluster = await kmsUser.loggedIn(store);
  for (const { keyId, backingKeyId } of state.keys.inCluster(store.customKeyStoreId)) {
    state.keys.setMaterialMissing(keyId, !(await cluster.keyExists({ id: backingKeyId })));
  }
}

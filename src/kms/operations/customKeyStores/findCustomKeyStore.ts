import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore } from '../../state/records.ts';

/** Throws CustomKeyStoreNotFoundException. */
export function findCustomKeyStore(kms: Pick<LocalKms, 'state'>, customKeyStoreId: string): CustomKeyStore {
  const store = kms.state.customKeyStores.find(customKeyStoreId);
  if (store) return store;
  throw new KmsError(
    'CustomKeyStoreNotFoundException',
    `There is no custom key store with the ID ${customKeyStoreId}.`,
  );
}

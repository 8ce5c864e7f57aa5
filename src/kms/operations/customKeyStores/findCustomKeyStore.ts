import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';

/** Finds a key store by id, and adds its name to the request's event. Throws CustomKeyStoreNotFoundException. */
export function findCustomKeyStore({ state }: LocalKms, customKeyStoreId: string, request: KmsRequest): CustomKeyStore {
  const store = state.customKeyStores.find(customKeyStoreId);
  if (store) {
    request.note({ customKeyStoreName: store.customKeyStoreName });
    return store;
  }
  throw new KmsError(
    'CustomKeyStoreNotFoundException',
    `There is no custom key store with the ID ${customKeyStoreId}.`,
  );
}

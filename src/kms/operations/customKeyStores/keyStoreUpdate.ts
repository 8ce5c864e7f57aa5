import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';
import { requireUniqueName } from './requireUnique.ts';

/** What an UpdateCustomKeyStore has whatever the type of the key store is. */
export interface KeyStoreUpdate {
  readonly customKeyStoreId: string;
  readonly newName: string | undefined;
  readonly request: KmsRequest;
}

type StoreOf<Kind> = Extract<CustomKeyStore, { readonly customKeyStoreType: Kind }>;

/** The key store, which is of that type, as it is now. Throws CustomKeyStoreNotFoundException. */
export function findToUpdate<Kind extends CustomKeyStore['customKeyStoreType']>(
  kms: LocalKms,
  { customKeyStoreId, request }: KeyStoreUpdate,
  type: Kind,
): StoreOf<Kind> {
  const store = findCustomKeyStore(kms, customKeyStoreId, request);
  if (store.customKeyStoreType !== type) throw new Error(`${customKeyStoreId} has become another one`);
  return store as StoreOf<Kind>;
}

/** The name that the key store has after the update. Throws CustomKeyStoreNameInUseException. */
export function nameAfter(
  { state }: LocalKms,
  { customKeyStoreId, customKeyStoreName }: CustomKeyStore,
  { newName }: KeyStoreUpdate,
): string {
  const name = newName ?? customKeyStoreName;
  requireUniqueName(
    name,
    state.customKeyStores.list().filter((other) => other.customKeyStoreId !== customKeyStoreId),
  );
  return name;
}

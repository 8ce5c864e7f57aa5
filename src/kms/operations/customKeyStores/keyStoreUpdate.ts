import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';
import { requireUniqueName } from './requireUnique.ts';

/** Facts of an UpdateCustomKeyStore that do not depend on the type of the key store. */
export interface KeyStoreUpdate {
  readonly customKeyStoreId: string;
  readonly newName: string | undefined;
  readonly request: KmsRequest;
}

type StoreOf<Kind> = Extract<CustomKeyStore, { readonly customKeyStoreType: Kind }>;

/** Reads the present key store, which must have the type. Throws CustomKeyStoreNotFoundException. */
export function findToUpdate<Kind extends CustomKeyStore['customKeyStoreType']>(
  kms: LocalKms,
  { customKeyStoreId, request }: KeyStoreUpdate,
  type: Kind,
): StoreOf<Kind> {
  const store = findCustomKeyStore(kms, customKeyStoreId, request);
  if (store.customKeyStoreType !== type) throw new Error(`${customKeyStoreId} has become another one`);
  return store as StoreOf<Kind>;
}

/** Returns the name of the key store after the update. Throws CustomKeyStoreNameInUseException. */
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

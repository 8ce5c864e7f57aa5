import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore } from '../../state/records.ts';
import { notConnected } from './keyState.ts';

type Kind = CustomKeyStore['customKeyStoreType'];

/**
 * Finds the key store for a new key with this Origin. Throws CustomKeyStoreNotFoundException, ValidationException if the key store is of
 * the other type, or CustomKeyStoreInvalidStateException if it is not connected.
 */
export function findStoreForKey<Origin extends Kind>(
  kms: LocalKms,
  customKeyStoreId: string,
  origin: Origin,
): Extract<CustomKeyStore, { readonly customKeyStoreType: Origin }> {
  const store = kms.state.customKeyStores.find(customKeyStoreId);
  if (!store) {
    throw new KmsError('CustomKeyStoreNotFoundException', `Custom key store ${customKeyStoreId} does not exist.`);
  }
  const { customKeyStoreType, connectionState } = store;
  if (customKeyStoreType !== origin) {
    throw new KmsError(
      'ValidationException',
      `The Origin of a key in ${customKeyStoreId} must be ${customKeyStoreType}, which is the type of the custom key store.`,
    );
  }
  if (connectionState !== 'CONNECTED') throw new KmsError('CustomKeyStoreInvalidStateException', notConnected(store));
  return store as Extract<CustomKeyStore, { readonly customKeyStoreType: Origin }>;
}

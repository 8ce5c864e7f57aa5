import type { CloudHsmKeyStore, ExternalKeyStore } from '../../state/records.ts';

/** What a new key store has whatever its type is. */
export type NewKeyStore = Omit<ExternalKeyStore, 'customKeyStoreType' | 'proxy' | 'credentialDate'> &
  Omit<CloudHsmKeyStore, Exclude<keyof CloudHsmKeyStore, keyof ExternalKeyStore> | 'customKeyStoreType'>;

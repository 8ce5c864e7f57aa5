import type { CloudHsmKeyStore, ExternalKeyStore } from '../../state/records.ts';

/** Properties of a new key store that do not depend on its type. */
export type NewKeyStore = Omit<ExternalKeyStore, 'customKeyStoreType' | 'proxy' | 'credentialDate'> &
  Omit<CloudHsmKeyStore, Exclude<keyof CloudHsmKeyStore, keyof ExternalKeyStore> | 'customKeyStoreType'>;

import type { ClusterConnection } from '../../cloudHsm/clusterConnection.ts';
import type { CloudHsmKeyStore } from '../state/records.ts';

/** What a login as `kmsuser` does with keys of its cluster. Each rejects with ClusterFailure. */
export type ClusterKeys = Pick<
  ClusterConnection,
  'generateKey' | 'generateRandom' | 'deleteKey' | 'keyExists' | 'encrypt' | 'decrypt'
>;

/** KMS in the clusters of AWS CloudHSM key stores, where it is the crypto user `kmsuser`. */
export interface KmsUser {
  /**
   * Logs in with the password that KMS was told, and replaces it by one that nobody else knows. Rejects with ClusterFailure, and leaves
   * no login then.
   */
  connect(store: CloudHsmKeyStore): Promise<void>;
  /** Logs out. Resolves when no login of the key store is under way. */
  disconnect(customKeyStoreId: string): Promise<void>;
  /** The login of a connected key store, which is made again if the cluster has lost it. Rejects with ClusterFailure. */
  loggedIn(store: CloudHsmKeyStore): Promise<ClusterKeys>;
}

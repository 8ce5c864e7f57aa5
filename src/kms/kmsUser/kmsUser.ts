import type { ClusterConnection } from '../../cloudHsm/clusterConnection.ts';
import type { CloudHsmKeyStore } from '../state/records.ts';

/** Calls that a login as `kmsuser` can make with keys of its cluster. Each rejects with ClusterFailure. */
export type ClusterKeys = Pick<
  ClusterConnection,
  'generateKey' | 'generateRandom' | 'deleteKey' | 'keyExists' | 'encrypt' | 'decrypt'
>;

/** The logins of KMS to the clusters of AWS CloudHSM key stores, as the crypto user `kmsuser`. */
export interface KmsUser {
  /**
   * Logs in with the password that KMS was given, and replaces it by one that only KMS knows. Rejects with ClusterFailure; then there is no
   * login.
   */
  connect(store: CloudHsmKeyStore): Promise<void>;
  /** Logs out. Resolves when the key store has no login and none is being made. */
  disconnect(customKeyStoreId: string): Promise<void>;
  /** Returns the login of a connected key store. Logs in again if the cluster has lost it. Rejects with ClusterFailure. */
  loggedIn(store: CloudHsmKeyStore): Promise<ClusterKeys>;
}

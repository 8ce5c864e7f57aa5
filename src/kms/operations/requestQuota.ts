/** KMS's own limit of cryptographic requests per second for each custom key store. */
export interface RequestQuota {
  /** Throws ThrottlingException, before the proxy is called, when the key store has had its requests of this second. */
  take(customKeyStoreId: string, kmsOperation: string): Promise<void>;
}

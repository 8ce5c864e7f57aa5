/** A key of a key store, as the configuration names it. */
export interface ExternalKey {
  /** The externalKeyId in the URI. */
  readonly id: string;
  /** Its CKA_LABEL in the key manager. */
  readonly label: string;
  readonly status: 'enabled' | 'blocked';
}

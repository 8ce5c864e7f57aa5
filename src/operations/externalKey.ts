import type { KeySelector, KeyUsage } from '../hsm/keyManager.ts';

/** A key of a key store, as the configuration names it. */
export interface ExternalKey {
  /** The externalKeyId in the URI. */
  readonly id: string;
  /** Versions of the key, oldest first, at least one. The last one that is not decryptOnly encrypts; all decrypt. */
  readonly versions: readonly [KeyVersion, ...KeyVersion[]];
  readonly status: 'enabled' | 'blocked';
  /** Tags by name. Policies can refer to them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether ciphertexts that AWS's sample proxy made with this key are decrypted too. */
  readonly decryptAlso?: 'aws-sample-proxy' | undefined;
}

/** A key in the key manager. */
export interface KeyVersion extends KeySelector {
  /** Whether this version only decrypts, while proxies that share the key learn of it one by one. */
  readonly decryptOnly?: boolean;
  /**
   * Metadata sent with ciphertexts of this version, and bound into the AAD. Empty for a key without versions; at most 20 bytes.
   */
  readonly ciphertextMetadata: Buffer;
}

/** The name of a version in records and metrics: its label or, if it has none, its CKA_ID. */
export function nameOfVersion({ label, ckaId = '' }: KeySelector): string {
  return label ?? ckaId;
}

/** The version that encrypts. */
export function newestVersion({ versions }: Pick<ExternalKey, 'versions'>): KeyVersion {
  return versions.findLast(({ decryptOnly }) => !decryptOnly) ?? versions[0];
}

/** The usages that a version must permit. KMS decrypts what it has encrypted, and old versions only decrypt. */
export function neededUsages(key: Pick<ExternalKey, 'versions'>, version: KeyVersion): readonly KeyUsage[] {
  return version === newestVersion(key) ? ['ENCRYPT', 'DECRYPT'] : ['DECRYPT'];
}

/**
 * Returns the version that made a ciphertext with this metadata. A ciphertext without metadata was made before the key had
 * versions. Unknown metadata also leads to the oldest version; the decryption fails there, since metadata is part of the AAD.
 */
export function versionOf({ versions }: ExternalKey, ciphertextMetadata: Buffer): KeyVersion {
  const named = versions.find((version) => version.ciphertextMetadata.equals(ciphertextMetadata));
  return named ?? versions[0];
}

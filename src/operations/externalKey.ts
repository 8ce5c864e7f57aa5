import type { KeySelector } from '../hsm/keyManager.ts';

/** A key of a key store, as the configuration names it. */
export interface ExternalKey {
  /** The externalKeyId in the URI. */
  readonly id: string;
  /** Oldest first, at least one. The last one that is not decryptOnly encrypts, all decrypt. */
  readonly versions: readonly [KeyVersion, ...KeyVersion[]];
  readonly status: 'enabled' | 'blocked';
  /** By name; policies can ask for them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether ciphertexts that AWS's sample proxy made with it are opened too. */
  readonly decryptAlso?: 'aws-sample-proxy' | undefined;
}

/** A key in the key manager. */
export interface KeyVersion extends KeySelector {
  /** While proxies that share the key are told of a new version one by one. */
  readonly decryptOnly?: boolean;
  /** Sent with what it encrypts, and bound into the AAD; empty for a key without versions. At most 20 bytes. */
  readonly ciphertextMetadata: Buffer;
}

/** The name of a version in records and metrics: its label or, without one, its CKA_ID. */
export function nameOfVersion({ label, ckaId = '' }: KeySelector): string {
  return label ?? ckaId;
}

/** The version that encrypts. */
export function newestVersion({ versions }: ExternalKey): KeyVersion {
  return versions.findLast(({ decryptOnly }) => !decryptOnly) ?? versions[0];
}

/**
 * The version that a ciphertext with this metadata was made with. What came without metadata is from before the key had
 * versions; unknown metadata leads to the oldest too, and fails there, since it is part of the AAD.
 */
export function versionOf({ versions }: ExternalKey, ciphertextMetadata: Buffer): KeyVersion {
  const named = versions.find((version) => version.ciphertextMetadata.equals(ciphertextMetadata));
  return named ?? versions[0];
}

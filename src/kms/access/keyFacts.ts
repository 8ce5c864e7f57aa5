import type { KmsState } from '../state/kmsState.ts';
import type { KmsKey, Tag } from '../state/records.ts';

/** Facts about a key that conditions can refer to. */
export interface KeyFacts {
  readonly origin: string;
  readonly keySpec: string;
  readonly keyUsage: string;
  readonly multiRegion: boolean;
  readonly tags: readonly Tag[];
  readonly aliasNames: readonly string[];
}

export function keyFactsOf(state: KmsState, { keyId, origin, tags }: KmsKey): KeyFacts {
  return {
    origin,
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    multiRegion: false,
    tags,
    aliasNames: state.aliases.namesOf(keyId),
  };
}

/** Members of CreateKey's input, after defaults have been applied. */
export interface NewKeyMembers {
  readonly Origin?: string | undefined;
  readonly KeySpec?: string | undefined;
  readonly CustomerMasterKeySpec?: string | undefined;
  readonly KeyUsage: string;
  readonly MultiRegion: boolean;
  readonly Tags: readonly unknown[];
}

/** Returns the facts of the key that CreateKey is about to create. The key has no aliases, and conditions on its tags read the request. */
export function newKeyFacts(input: NewKeyMembers): KeyFacts {
  const { Origin = 'AWS_KMS', CustomerMasterKeySpec = 'SYMMETRIC_DEFAULT', KeySpec = CustomerMasterKeySpec } = input;
  const { KeyUsage: keyUsage, MultiRegion: multiRegion } = input;
  return { origin: Origin, keySpec: KeySpec, keyUsage, multiRegion, tags: [], aliasNames: [] };
}

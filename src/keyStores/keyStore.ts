import type { GuardedKeyManager } from './failover.ts';
import type { ExternalKey } from '../operations/externalKey.ts';
import type { PolicyEngine } from '../policy/policyEngine.ts';
import type { Credential } from '../sigv4/credential.ts';
import type { TokenBucket } from '../timing/tokenBucket.ts';

/** One logical key store, as requests see it: isolated from the others by its own prefix, credentials and keys. */
export interface KeyStore {
  readonly name: string;
  readonly uriPathPrefix: string;
  /** As the configuration says; the block list may say more. */
  readonly status: 'enabled' | 'blocked';
  /** By access key id. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** By externalKeyId. */
  readonly keys: ReadonlyMap<string, ExternalKey>;
  /** One or more, in order of preference. */
  readonly keyManagers: readonly GuardedKeyManager[];
  /** Undefined: no request is too many. */
  readonly quota?: TokenBucket | undefined;
  /** Undefined: no request is refused for its metadata. */
  readonly policy?: PolicyEngine | undefined;
}

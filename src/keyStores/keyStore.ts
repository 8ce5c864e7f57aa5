import type { GuardedKeyManager } from './failover.ts';
import type { ExternalKey } from '../operations/externalKey.ts';
import type { PolicyEngine } from '../policy/policyEngine.ts';
import type { Credential } from '../sigv4/credential.ts';
import type { TokenBucket } from '../timing/tokenBucket.ts';

/** One logical key store, as requests see it: isolated from the others by its own prefix, credentials and keys. */
export interface KeyStore {
  readonly name: string;
  readonly uriPathPrefix: string;
  /** The status in the configuration. The block list may block the key store too. */
  readonly status: 'enabled' | 'blocked';
  /** Credentials by access key id. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** External keys by externalKeyId. */
  readonly keys: ReadonlyMap<string, ExternalKey>;
  /** One or more key managers, in order of preference. */
  readonly keyManagers: readonly GuardedKeyManager[];
  /** If undefined, the rate is unlimited. */
  readonly quota?: TokenBucket | undefined;
  /** If undefined, requestMetadata is not restricted. */
  readonly policy?: PolicyEngine | undefined;
}

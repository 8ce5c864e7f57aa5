import { LRUCache } from 'lru-cache';
import { PreparedPolicies } from './cedar.ts';
import type { PolicySet } from './policySet.ts';
import { requestOf, type PolicySubject } from './requestOf.ts';

export interface Decision {
  readonly allowed: boolean;
  /** `@id` of the policies that decided. Empty if no policy permits, or the engine failed. */
  readonly policyIds: readonly string[];
  /** Error of the engine. The decision is then to deny. */
  readonly error?: string;
}

// Limits of the cache. A decision whose key is very long is not cached.
const MAX_CACHED_DECISIONS = 10_000;
const MAX_CACHED_CHARACTERS = 16 * 1024 * 1024;
const MAX_CHARACTERS_OF_ONE = 16 * 1024;

/** Decides by one policy set. Caches decisions by everything that they depend on. */
export class PolicyEngine {
  readonly #policies: PreparedPolicies;
  readonly #decisions = new LRUCache<string, Decision>({
    max: MAX_CACHED_DECISIONS,
    maxSize: MAX_CACHED_CHARACTERS,
    maxEntrySize: MAX_CHARACTERS_OF_ONE,
    sizeCalculation: (_decision, key) => key.length,
  });

  constructor({ policies }: PolicySet) {
    this.#policies = new PreparedPolicies(policies);
  }

  /** Decides a request. If the engine fails, the decision is to deny. Never throws. */
  decide(subject: PolicySubject): Decision {
    const key = cacheKey(subject);
    const known = this.#decisions.get(key);
    if (known) return known;
    const decision = this.#evaluate(subject);
    if (decision.error === undefined) this.#decisions.set(key, decision);
    return decision;
  }

  /** Frees the memory of the policies. The engine permits nothing afterwards. */
  release(): void {
    this.#policies.release();
    this.#decisions.clear();
  }

  #evaluate(subject: PolicySubject): Decision {
    try {
      const { decision, policyIds } = this.#policies.decide(requestOf(subject));
      return { allowed: decision === 'allow', policyIds };
    } catch (error) {
      return { allowed: false, policyIds: [], error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** Builds the cache key from everything but kmsRequestId. Each text follows its length, so that different requests have different keys. */
function cacheKey(subject: PolicySubject): string {
  const { api, keyStore, externalKey, requestMetadata, vpcEndpointId = '', clientCommonName = '' } = subject;
  let key = framed(api) + framed(keyStore) + framed(externalKey.id) + framed(vpcEndpointId) + framed(clientCommonName);
  for (const [name, text] of Object.entries(externalKey.tags)) key += framed(name) + framed(text);
  key += '/';
  for (const [name, text = ''] of Object.entries(requestMetadata)) {
    if (name !== 'kmsRequestId') key += framed(name) + framed(text);
  }
  return key;
}

function framed(text: string): string {
  return `${text.length}:${text}`;
}

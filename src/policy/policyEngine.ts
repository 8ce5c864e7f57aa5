import { LRUCache } from 'lru-cache';
import { PreparedPolicies } from './cedar.ts';
import type { PolicySet } from './policySet.ts';
import { requestOf, type PolicySubject } from './requestOf.ts';

export interface Decision {
  readonly allowed: boolean;
  /** `@id` of the policies that decided; none: no policy permits, or the engine failed. */
  readonly policyIds: readonly string[];
  /** What the engine failed of; the decision is to deny. */
  readonly error?: string;
}

// A decision that costs more to remember than to make is not remembered.
const MAX_CACHED_DECISIONS = 10_000;
const MAX_CACHED_CHARACTERS = 16 * 1024 * 1024;
const MAX_CHARACTERS_OF_ONE = 16 * 1024;

/** Decides by one policy set. Decisions are remembered by all that they depend on. */
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

  /** Never throws: a failure of the engine denies. */
  decide(subject: PolicySubject): Decision {
    const key = cacheKey(subject);
    const known = this.#decisions.get(key);
    if (known) return known;
    const decision = this.#evaluate(subject);
    if (decision.error === undefined) this.#decisions.set(key, decision);
    return decision;
  }

  /** Gives its memory back; from then on it permits nothing. */
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

/** Everything but kmsRequestId, each text with its length before it: two requests with one key are the same request. */
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

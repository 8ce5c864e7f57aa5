import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Hash } from '@smithy/hash-node';
import { getSigningKey } from '@smithy/signature-v4';
import { LRUCache } from 'lru-cache';
import type { Credential } from './credential.ts';
import { SERVICE, type CredentialScope } from './credentialScope.ts';

// A credential is used in few regions, and on one day, or two around midnight.
const SCOPES_KEPT_PER_CREDENTIAL = 16;

/** Computes signatures. Keeps the most recently used signing keys of each credential. */
export class SignatureCalculator {
  readonly #keysOf = new WeakMap<Credential, LRUCache<string, KeyObject>>();

  /** Returns the signature as 64 lower-case hexadecimal digits. Spec, Appendix A, task 3. */
  async sign(credential: Credential, scope: CredentialScope, stringToSign: string): Promise<string> {
    const signingKey = this.#keptKey(credential, scope) ?? (await this.#deriveKey(credential, scope));
    return createHmac('sha256', signingKey).update(stringToSign).digest('hex');
  }

  #keptKey(credential: Credential, { date, region }: CredentialScope): KeyObject | undefined {
    return this.#keysOf.get(credential)?.get(`${date}/${region}`);
  }

  async #deriveKey(credential: Credential, { date, region }: CredentialScope): Promise<KeyObject> {
    const identity = {
      accessKeyId: credential.accessKeyId,
      secretAccessKey: credential.secretAccessKey.reveal(),
    };
    // With a KeyObject, an HMAC takes an eighth of the time that it takes with the bytes of the key.
    const key = createSecretKey(await getSigningKey(Hash.bind(null, 'sha256'), identity, date, region, SERVICE));
    let keys = this.#keysOf.get(credential);
    if (!keys) this.#keysOf.set(credential, (keys = new LRUCache({ max: SCOPES_KEPT_PER_CREDENTIAL })));
    keys.set(`${date}/${region}`, key);
    return key;
  }
}

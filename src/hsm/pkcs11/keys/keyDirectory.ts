import { isUtf8 } from 'node:buffer';
import { XksError } from '../../../xks/errors.ts';
import type { KeySelector } from '../../keyManager.ts';
import type { Cryptoki, ObjectHandle, SessionHandle, Template } from '../cryptoki/cryptoki.ts';
import { CKA, CKO, CKR } from '../cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { KeysVanished } from './keysVanished.ts';
import { readCheckValue } from './readCheckValue.ts';
import { DESCRIBING_ATTRIBUTES, describeSecretKey, type SecretKey } from './secretKey.ts';

interface Known extends SecretKey {
  readonly since: number;
}

export interface KeyDirectoryOptions {
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** How long a handle is used before the key is searched for again. */
  readonly keyAgeMs: number;
  /** Whether the check value of each key is read too, with another call of the module. Requests do not need it. */
  readonly checkValues?: boolean | undefined;
}

/**
 * The secret keys of a token by their selectors. Found keys are cached for a while; keys that were not found are searched for
 * each time.
 *
 * KMS takes KeyNotFoundException for the loss of a key and does not try again. But a token whose files, network or descriptors
 * are briefly gone shows fewer keys, and no error. So a key that was found before and is missing now counts as vanished, not as
 * missing.
 */
export class KeyDirectory {
  readonly #cryptoki: Cryptoki;
  readonly #options: KeyDirectoryOptions;
  readonly #known = new Map<string, Known>();
  /** Selectors of keys that were found since the token was opened. */
  readonly #seen = new Map<string, KeySelector>();
  /** Those of them whose keys have vanished. */
  readonly #vanished = new Map<string, KeySelector>();
  /**
   * Those whose keys were believed to be deleted. If such a key comes and goes, that says nothing about the token, and must not
   * restart its module again and again.
   */
  readonly #unsteady = new Set<string>();
  #generation = 0;

  constructor(cryptoki: Cryptoki, options: KeyDirectoryOptions) {
    this.#cryptoki = cryptoki;
    this.#options = options;
  }

  /**
   * Finds the selected key. Throws KeyNotFoundException, or InternalException if there are several. Throws KeysVanished if this
   * key or another one was there before and is missing now for the first time.
   */
  find(session: SessionHandle, selector: KeySelector): SecretKey {
    const known = this.#known.get(idOf(selector));
    const isFresh = known && this.#options.clock() - known.since < this.#options.keyAgeMs;
    return isFresh ? known : this.lookUp(session, selector);
  }

  /** Like `find`, but asks the token even if the key is cached. */
  lookUp(session: SessionHandle, selector: KeySelector): SecretKey {
    return this.accept(session, selector, findSecretKeys(this.#cryptoki, session, { ...selector, limit: 2 }));
  }

  /** Like `find`, with handles that the token has just returned for the selector: two of them if it has several keys. */
  accept(session: SessionHandle, selector: KeySelector, [handle, another]: readonly ObjectHandle[]): SecretKey {
    const id = idOf(selector);
    this.#known.delete(id);
    if (!handle) throw this.#notFound(session, selector);
    if (another) {
      throw new XksError('InternalException', 'The key manager has several keys for this external key.', {
        detail: `several secret keys of the token have ${inWords(selector)}: give each a label of its own, or select one by its ckaId`,
      });
    }
    const attributes = this.#cryptoki.readAttributes(session, handle, DESCRIBING_ATTRIBUTES);
    const checkValue = this.#options.checkValues ? readCheckValue(this.#cryptoki, session, handle) : undefined;
    const description = { ...describeSecretKey(attributes), checkValue };
    const key = { handle, description, since: this.#options.clock() };
    this.#known.set(id, key);
    if (!this.#unsteady.has(id)) this.#seen.set(id, selector);
    return key;
  }

  /** Handles of the secret keys of the token, at most `limit`. */
  list(session: SessionHandle, limit: number): ObjectHandle[] {
    return findSecretKeys(this.#cryptoki, session, { limit });
  }

  /** Reads the label and the CKA_ID of a key. */
  read(session: SessionHandle, handle: ObjectHandle): KeySelector {
    const attributes = this.#cryptoki.readAttributes(session, handle, [CKA.LABEL, CKA.ID]);
    const label = attributes.get(CKA.LABEL);
    // Other bytes would decode to a text that is not this label.
    return {
      label: label && isUtf8(label) ? label.toString() : undefined,
      ckaId: attributes.get(CKA.ID)?.toString('hex'),
    };
  }

  /** Whether a key was found by this selector before, so that its absence means that it has vanished. */
  hasSeen(selector: KeySelector): boolean {
    return this.#seen.has(idOf(selector));
  }

  /** Counts how often all handles were dropped. Handles of an earlier generation may be invalid. */
  get generation(): number {
    return this.#generation;
  }

  /** Drops all handles. Handles do not outlive a login, and the token may reuse them for other keys afterwards. */
  forgetAll(): void {
    this.#generation += 1;
    this.#known.clear();
  }

  /**
   * Throws KeysVanished if a key that has vanished is still missing. With `believe`, a token that has any key is believed: the
   * missing keys count as deleted. Returns descriptions of the deleted keys.
   */
  confirm(session: SessionHandle, believe: boolean): string[] {
    const deleted: string[] = [];
    for (const [id, selector] of this.#vanished) {
      if (!this.#has(session, selector)) {
        if (!believe || !this.#has(session, {})) throw new KeysVanished(inWords(selector));
        this.#seen.delete(id);
        this.#unsteady.add(id);
        deleted.push(inWords(selector));
      }
      this.#vanished.delete(id);
    }
    return deleted;
  }

  #notFound(session: SessionHandle, selector: KeySelector): Error {
    // Without a login, private keys are invisible, and the token reports no error.
    if (!this.#cryptoki.isUserLoggedIn(session)) {
      return new CryptokiError('C_GetSessionInfo', CKR.USER_NOT_LOGGED_IN, 'CKR_USER_NOT_LOGGED_IN');
    }
    const vanished = this.hasSeen(selector) ? selector : this.#missingWitness(session);
    if (vanished) {
      this.#vanished.set(idOf(vanished), vanished);
      return new KeysVanished(inWords(vanished));
    }
    return notFound(selector);
  }

  /** Returns the key that was found first, usually the health key, if it is missing too. */
  #missingWitness(session: SessionHandle): KeySelector | undefined {
    const [witness] = this.#seen.values();
    return witness && !this.#has(session, witness) ? witness : undefined;
  }

  #has(session: SessionHandle, selector: KeySelector): boolean {
    return findSecretKeys(this.#cryptoki, session, { ...selector, limit: 1 }).length > 0;
  }
}

export function notFound(selector: KeySelector): XksError {
  return new XksError('KeyNotFoundException', 'The key manager does not have this external key.', {
    detail: `no secret key of the token has ${inWords(selector)}`,
  });
}

/** Finds secret keys that are stored in the token. */
export function findSecretKeys(
  cryptoki: Cryptoki,
  session: SessionHandle,
  { label, ckaId, limit }: KeySelector & { readonly limit: number },
): ObjectHandle[] {
  const template: Template = [
    { type: CKA.CLASS, value: CKO.SECRET_KEY },
    { type: CKA.TOKEN, value: true },
    ...(label === undefined ? [] : [{ type: CKA.LABEL, value: label }]),
    ...(ckaId === undefined ? [] : [{ type: CKA.ID, value: Buffer.from(ckaId, 'hex') }]),
  ];
  return cryptoki.findObjects(session, template, limit);
}

/** Returns the same text for equal selectors. */
export function idOf({ label = '', ckaId = '' }: KeySelector): string {
  return `${ckaId}/${label}`;
}

function inWords({ label, ckaId }: KeySelector): string {
  const parts = [
    ...(label === undefined ? [] : [`the label ${JSON.stringify(label)}`]),
    ...(ckaId === undefined ? [] : [`the CKA_ID ${ckaId}`]),
  ];
  return parts.join(' and ');
}

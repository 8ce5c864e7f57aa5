import { XksError } from '../../../xks/errors.ts';
import type { KeySelector } from '../../keyManager.ts';
import type { Cryptoki, ObjectHandle, SessionHandle, Template } from '../cryptoki/cryptoki.ts';
import { CKA, CKO, CKR } from '../cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { DESCRIBING_ATTRIBUTES, describeSecretKey, type SecretKey } from './secretKey.ts';

// A label may be given to another key: all proxies of a token then use that one after this time at the latest.
const MAX_AGE_MS = 30_000;

interface Known extends SecretKey {
  readonly since: number;
}

/** The secret keys of a token by their selectors. What was found is kept for a while, what was not is looked for each time. */
export class KeyDirectory {
  readonly #cryptoki: Cryptoki;
  readonly #clock: () => number;
  readonly #known = new Map<string, Known>();

  /** `clock`: milliseconds, never set back. */
  constructor(cryptoki: Cryptoki, clock: () => number) {
    this.#cryptoki = cryptoki;
    this.#clock = clock;
  }

  /** The key that is so selected. Throws KeyNotFoundException, and InternalException if there are several. */
  find(session: SessionHandle, selector: KeySelector): SecretKey {
    const known = this.#known.get(nameOf(selector));
    return known && this.#clock() - known.since < MAX_AGE_MS ? known : this.lookUp(session, selector);
  }

  /** `find`, asking the token even if the key is known. */
  lookUp(session: SessionHandle, selector: KeySelector): SecretKey {
    const name = nameOf(selector);
    this.#known.delete(name);
    const [handle, another] = findSecretKeys(this.#cryptoki, session, { ...selector, limit: 2 });
    if (!handle) {
      // Without a login, private keys are not refused but invisible.
      if (!this.#cryptoki.isUserLoggedIn(session)) {
        throw new CryptokiError('C_GetSessionInfo', CKR.USER_NOT_LOGGED_IN, 'CKR_USER_NOT_LOGGED_IN');
      }
      throw new XksError('KeyNotFoundException', 'The key manager does not have this external key.', {
        detail: `no secret key of the token has ${name}`,
      });
    }
    if (another) {
      throw new XksError('InternalException', 'The key manager has several keys for this external key.', {
        detail: `several secret keys of the token have ${name}: give each its own, or select one by its ckaId`,
      });
    }
    const attributes = this.#cryptoki.readAttributes(session, handle, DESCRIBING_ATTRIBUTES);
    const key = { handle, description: describeSecretKey(attributes), since: this.#clock() };
    this.#known.set(name, key);
    return key;
  }

  /** Handles do not outlive a login, and the token may give the same ones to other keys afterwards. */
  forgetAll(): void {
    this.#known.clear();
  }
}

/** Secret keys that are stored in the token. */
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

/** The selector in words, the same for the same selector. */
function nameOf({ label, ckaId }: KeySelector): string {
  const parts = [
    ...(label === undefined ? [] : [`the label ${JSON.stringify(label)}`]),
    ...(ckaId === undefined ? [] : [`the CKA_ID ${ckaId}`]),
  ];
  return parts.join(' and ');
}

import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyDescription, KeySelector } from '../../keyManager.ts';
import type { ObjectHandle, SessionHandle } from '../cryptoki/cryptoki.ts';
import { CKA } from '../cryptoki/cryptokiConstants.ts';
import { aesKeyTemplate, type NewAesKey } from './aesKeyTemplate.ts';
import { findSecretKeys } from './keyDirectory.ts';
import { openToken, type OpenToken, type TokenOptions } from '../token/openToken.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import type { ModuleRegistry } from '../module/moduleRegistry.ts';
import { showText } from '../token/showText.ts';
import { readCheckValue } from './readCheckValue.ts';
import { describeSecretKey, DESCRIBING_ATTRIBUTES, readBoolean } from './secretKey.ts';

/** A secret key of the token. The last three members are undefined if the token does not report them. */
export interface ListedKey extends KeyDescription {
  /** Its CKA_LABEL in printable form. */
  readonly label: string;
  /** Lower-case hexadecimal. */
  readonly ckaId: string;
  readonly alwaysSensitive: boolean | undefined;
  readonly neverExtractable: boolean | undefined;
  /** Whether the key was made in the token, and not imported. */
  readonly local: boolean | undefined;
}

const LIST_LIMIT = 100_000;
// Attempts to make a key that others may be making too.
const ATTEMPTS = 10;
const MAX_PAUSE_MS = 300;

/** Opens the token and logs in, trying the PIN once. Throws Pkcs11Failure. */
export async function openPkcs11Administration(
  options: TokenOptions,
  { modules }: { readonly modules: ModuleRegistry },
): Promise<Pkcs11Administration> {
  return new Pkcs11Administration(await openToken(options, modules));
}

/** Creates and lists keys. Not for use in a serving process, because its calls block. */
export class Pkcs11Administration {
  readonly #opened: OpenToken;

  constructor(opened: OpenToken) {
    this.#opened = opened;
  }

  /**
   * Makes an AES key in the token: sensitive, never extractable, not modifiable, with exactly these usages. Throws Pkcs11Failure
   * if a secret key with this label or CKA_ID exists, or if the token refuses.
   */
  createKey(key: NewAesKey): ListedKey {
    const { label, ckaId } = key;
    return this.#withSession('read-write', (session) => {
      if (this.#count(session, { label }) > 0) {
        throw new Pkcs11Failure(`The token has a key labelled "${showText(label)}" already. Choose another label.`);
      }
      if (ckaId !== undefined && this.#count(session, { ckaId }) > 0) {
        throw new Pkcs11Failure(`The token has a key with the CKA_ID ${ckaId} already. Choose another CKA_ID.`);
      }
      return this.#read(session, this.#generate(session, key));
    });
  }

  /**
   * Makes a key as `createKey` does, unless it exists. Returns whether it made one. It is safe when several proxies call it at
   * once: a proxy that then finds other keys beside its own deletes its own. Throws Pkcs11Failure.
   */
  async createKeyIfAbsent(key: NewAesKey): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (this.hasKey(key.label)) return false;
      const alone = this.#withSession('read-write', (session) => {
        const handle = this.#generate(session, key);
        if (this.#count(session, { label: key.label }) === 1) return true;
        this.#opened.module.cryptoki.destroyObject(session, handle);
        return false;
      });
      if (alone) return true;
      await sleep(randomInt(MAX_PAUSE_MS));
    }
    throw new Pkcs11Failure(
      `Other processes keep creating keys labelled "${showText(key.label)}". Make one with: xks-proxy key create`,
    );
  }

  /** Whether the token has a secret key with this label. Throws Pkcs11Failure. */
  hasKey(label: string): boolean {
    return this.#withSession('read-only', (session) => this.#count(session, { label }) > 0);
  }

  /** Lists all secret keys in the token, sorted by label, then by CKA_ID. Throws Pkcs11Failure. */
  listKeys(): ListedKey[] {
    return this.#withSession('read-only', (session) =>
      findSecretKeys(this.#opened.module.cryptoki, session, { limit: LIST_LIMIT }).map((key) =>
        this.#read(session, key),
      ),
    ).sort((a, b) => compare(a.label, b.label) || compare(a.ckaId, b.ckaId));
  }

  close(): void {
    this.#opened.close();
  }

  #count(session: SessionHandle, selector: KeySelector): number {
    return findSecretKeys(this.#opened.module.cryptoki, session, { ...selector, limit: 2 }).length;
  }

  #generate(session: SessionHandle, key: NewAesKey): ObjectHandle {
    return this.#opened.module.cryptoki.generateAesKey(session, aesKeyTemplate(key));
  }

  #read(session: SessionHandle, key: ObjectHandle): ListedKey {
    const { cryptoki } = this.#opened.module;
    const attributes = cryptoki.readAttributes(session, key, [
      ...DESCRIBING_ATTRIBUTES,
      CKA.LABEL,
      CKA.ID,
      CKA.ALWAYS_SENSITIVE,
      CKA.NEVER_EXTRACTABLE,
      CKA.LOCAL,
    ]);
    return {
      label: showText(attributes.get(CKA.LABEL) ?? ''),
      ckaId: attributes.get(CKA.ID)?.toString('hex') ?? '',
      ...describeSecretKey(attributes),
      checkValue: readCheckValue(cryptoki, session, key),
      alwaysSensitive: readBoolean(attributes, CKA.ALWAYS_SENSITIVE),
      neverExtractable: readBoolean(attributes, CKA.NEVER_EXTRACTABLE),
      local: readBoolean(attributes, CKA.LOCAL),
    };
  }

  #withSession<T>(access: 'read-only' | 'read-write', use: (session: SessionHandle) => T): T {
    const { token } = this.#opened;
    try {
      return token.withSession(use, access);
    } catch (cause) {
      if (cause instanceof Pkcs11Failure) throw cause;
      throw new Pkcs11Failure('The token refused.', { cause });
    }
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

import { randomBytes } from 'node:crypto';
import { TokenBucket } from '../../../timing/tokenBucket.ts';
import { XksError } from '../../../xks/errors.ts';
import { IV_BYTES, TAG_BYTES } from '../../../xks/limits.ts';
import { KEY_MANAGER_DURATIONS, type KeyManagerDurations } from '../../durations.ts';
import { encryptWithCdiv, requireDecryptable, type Cipher } from '../../encryptWithCdiv.ts';
import { late, unbelievable } from '../../keyManagerFailures.ts';
import type {
  AadFields,
  KeyDescription,
  KeyFinding,
  KeyManager,
  KeyManagerDescription,
  KeyManagerLoad,
  KeySelector,
  Sealed,
  SealedWithCdiv,
} from '../../keyManager.ts';
import type { SessionHandle } from '../cryptoki/cryptoki.ts';
import { KeyDirectory, type KeyDirectoryOptions } from '../keys/keyDirectory.ts';
import { KeysVanished } from '../keys/keysVanished.ts';
import { provideHealthKey } from '../keys/provideHealthKey.ts';
import { requireUsage } from '../keys/requireUsage.ts';
import { describeToken } from '../token/describeToken.ts';
import type { OpenToken, TokenOptions } from '../token/openToken.ts';
import { AesGcm, type GcmDialect } from './aesGcm.ts';
import { isLoss, type Loss } from './isLoss.ts';
import { KeySurvey } from './keySurvey.ts';
import { LossLog, type Pkcs11Logger } from './lossLog.ts';
import { Recovery } from './recovery.ts';
import { SessionPool } from './sessionPool.ts';
import { invalidCiphertext, isInvalidCiphertext, translateFailure } from './translateFailure.ts';

export interface Pkcs11Options extends TokenOptions, GcmDialect, Pick<KeyDirectoryOptions, 'checkValues'> {
  /** The key manager's name in the configuration. */
  readonly name: string;
  /** Number of sessions that may be lent at once, 1 or more. One more is kept for the login. */
  readonly sessions: number;
  /** Milliseconds for one operation, including waits and a second attempt. Without isolation, no call is interrupted. */
  readonly timeoutMs: number;
  /** Label of the health key. It is made if the token has none. */
  readonly healthKey?: string;
}

export interface ServingDependencies {
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back, such as performance.now(). */
  readonly clock: () => number;
  readonly durations?: KeyManagerDurations;
}

/** Options of a key manager, without those of its token. */
export type KeyManagerOptions = Omit<Pkcs11Options, keyof TokenOptions>;

/** A method of a key manager that needs a session. */
type Operation = 'describeKey' | 'describeKeys' | 'encrypt' | 'encryptWithCdiv' | 'decrypt' | 'checkHealth';

type Use<T> = (session: SessionHandle, deadline: number) => T | Promise<T>;

/** A key manager over a token that is open. It repairs any loss except that of the thread that it may run in. */
export class ServingKeyManager implements KeyManager {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #healthKey: string | undefined;
  /** Limits attempts to make a health key, and their log lines, on a token that refuses one. */
  readonly #healthKeysToMake: TokenBucket;
  readonly #opened: OpenToken;
  readonly #pool: SessionPool;
  readonly #keys: KeyDirectory;
  readonly #aesGcm: AesGcm;
  readonly #recovery: Recovery;
  readonly #logger: Pkcs11Logger;
  readonly #clock: () => number;
  /** Whether the last decryption of a ciphertext of its own failed. Then it does not believe that one of a client is invalid. */
  #failsToDecrypt = false;

  constructor(
    { name, sessions, timeoutMs, healthKey, checkValues, ...dialect }: KeyManagerOptions,
    opened: OpenToken,
    { logger, clock, durations = KEY_MANAGER_DURATIONS }: ServingDependencies,
  ) {
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.#healthKey = healthKey;
    this.#healthKeysToMake = new TokenBucket({ requestsPerSecond: 1_000 / durations.quietMs, burst: 1 }, clock);
    this.#opened = opened;
    this.#logger = logger;
    this.#clock = clock;
    const { module, token } = opened;
    const log = new LossLog({ name, logger, clock, quietMs: durations.quietMs });
    this.#keys = new KeyDirectory(module.cryptoki, { clock, keyAgeMs: durations.keyAgeMs, checkValues });
    this.#aesGcm = new AesGcm(module.cryptoki, dialect, () => {
      log.repeatedRandom();
    });
    this.#pool = new SessionPool({
      size: sessions,
      open: () => token.openSession(),
      close: (session) => {
        token.closeSession(session);
      },
      clock,
      timeoutMs,
      isBlocking: dialect.isolation === 'none',
    });
    this.#recovery = new Recovery({ opened, pool: this.#pool, keys: this.#keys, log, clock, durations });
  }

  /** Asks the token each time, so that the answer is up to date. */
  describeKey(key: KeySelector, latest?: number): Promise<KeyDescription> {
    return this.#withSession('describeKey', latest, (session) => this.#keys.lookUp(session, key).description);
  }

  describeKeys(selectors: readonly KeySelector[], latest?: number): Promise<KeyFinding[]> {
    const deadline = latest ?? this.#clock() + this.timeoutMs * selectors.length;
    const withSession = <T>(use: Use<T>) => this.#withSession('describeKeys', deadline, use);
    return new KeySurvey(this.#keys, withSession, this.#clock).describe(selectors);
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, latest?: number): Promise<Sealed> {
    return this.#withSession('encrypt', latest, (session, deadline) =>
      this.#cipher(session, key, deadline).encrypt(plaintext, aad),
    );
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    latest?: number,
  ): Promise<SealedWithCdiv> {
    return this.#withSession('encryptWithCdiv', latest, (session, deadline) =>
      encryptWithCdiv(this.#ownCipher(session, key, deadline), plaintext, fields),
    );
  }

  async decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, latest?: number): Promise<Uint8Array> {
    // Some modules accept other lengths, and a short tag is easier to forge.
    if (!IV_BYTES.includes(sealed.iv.length) || sealed.tag.length !== TAG_BYTES) throw invalidCiphertext();
    try {
      const plaintext = await this.#withSession('decrypt', latest, (session, deadline) =>
        this.#cipher(session, key, deadline).decrypt(sealed, aad),
      );
      this.#failsToDecrypt = false;
      return plaintext;
    } catch (error) {
      throw this.#failsToDecrypt && isInvalidCiphertext(error) ? unbelievable(error) : error;
    }
  }

  async checkHealth(latest?: number): Promise<void> {
    const label = this.#healthKey;
    if (label === undefined) throw new XksError('InternalException', 'The key manager has no health key.');
    try {
      await this.#roundTrip(label, latest);
    } catch (error) {
      const isMissing = error instanceof XksError && error.errorName === 'KeyNotFoundException';
      if (!isMissing || !this.#healthKeysToMake.take()) throw error;
      await provideHealthKey(this.#opened, { name: this.name, label }, this.#logger);
      await this.#roundTrip(label, latest);
    }
  }

  describe(): Promise<KeyManagerDescription> {
    return Promise.resolve(describeToken(this.#opened.token.info));
  }

  load(): KeyManagerLoad {
    return this.#pool.load;
  }

  /** Resolves once all calls have returned. If one does not return, the module stays loaded, because it must outlive the call. */
  async close(): Promise<void> {
    this.#recovery.stop();
    if (await this.#pool.close(this.timeoutMs)) this.#opened.close();
    else this.#logger.warn({ keyManager: this.name }, 'A PKCS#11 call has not returned: its module stays loaded');
  }

  #roundTrip(label: string, latest: number | undefined): Promise<void> {
    const plaintext = randomBytes(32);
    const aad = randomBytes(16);
    return this.#withSession('checkHealth', latest, async (session, deadline) => {
      const cipher = this.#ownCipher(session, { label }, deadline);
      await requireDecryptable(cipher, await cipher.encrypt(plaintext, aad), aad, plaintext);
    });
  }

  #cipher(session: SessionHandle, selector: KeySelector, deadline: number): Cipher {
    const find = (usage: 'ENCRYPT' | 'DECRYPT') => {
      const key = this.#keys.find(session, selector);
      requireUsage(key, usage);
      if (this.#clock() >= deadline) throw late();
      return key.handle;
    };
    return {
      encrypt: async (plaintext, aad) => this.#aesGcm.encrypt(session, find('ENCRYPT'), plaintext, aad),
      decrypt: async (sealed, aad) => {
        const answer = this.#aesGcm.decrypt(session, find('DECRYPT'), sealed, aad);
        // The failure is diagnosed before the session is returned. Afterwards the key manager may be closed.
        return answer.catch((error: unknown) => {
          throw this.#recovery.diagnose(error);
        });
      },
    };
  }

  /** A cipher that decrypts only its own ciphertexts. */
  #ownCipher(session: SessionHandle, selector: KeySelector, deadline: number): Cipher {
    const cipher = this.#cipher(session, selector, deadline);
    return {
      ...cipher,
      decrypt: async (sealed, aad) => {
        try {
          const plaintext = await cipher.decrypt(sealed, aad);
          this.#failsToDecrypt = false;
          return plaintext;
        } catch (failure) {
          if (isLoss(failure)) throw failure;
          const translated = translateFailure(failure);
          if (isInvalidCiphertext(translated)) this.#failsToDecrypt = true;
          throw translated;
        }
      },
    };
  }

  async #withSession<T>(kind: Operation, latest = Infinity, use: Use<T>): Promise<T> {
    const deadline = Math.min(latest, this.#clock() + this.timeoutMs);
    this.#recovery.requireToken();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await this.#pool.withSession({ kind, deadline }, (session) => use(session, deadline));
        this.#recovery.operationSucceeded();
        return result;
      } catch (failure) {
        if (!isLoss(failure)) throw translateFailure(failure);
        if (attempt > 1 && !isOtherLoss(attempt, failure)) {
          this.#recovery.repairedInVain(failure);
          throw translateFailure(failure);
        }
        await this.#recovery.repair(failure, deadline);
        if (this.#clock() >= deadline) throw translateFailure(failure);
      }
    }
  }
}

/** Whether it is a second, different loss: a handle was refused, and then its key was missing. It needs another repair. */
function isOtherLoss(attempt: number, loss: Loss): boolean {
  return attempt === 2 && loss instanceof KeysVanished;
}

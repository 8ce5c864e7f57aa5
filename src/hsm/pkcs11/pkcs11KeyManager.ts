import { XksError } from '../../xks/errors.ts';
import { IV_BYTES, TAG_BYTES } from '../../xks/limits.ts';
import type { KeyDescription, KeyManager, KeyManagerDescription, Sealed } from '../keyManager.ts';
import { AesGcm } from './aesGcm.ts';
import type { SessionHandle } from './cryptoki.ts';
import type { CryptokiError } from './cryptokiError.ts';
import { describeToken } from './describeToken.ts';
import { KeyDirectory } from './keyDirectory.ts';
import { openToken, type OpenToken, type TokenOptions } from './openToken.ts';
import type { Pkcs11Modules } from './pkcs11Modules.ts';
import type { SecretKey } from './secretKey.ts';
import { SessionPool } from './sessionPool.ts';
import { invalidCiphertext, isStale, translateFailure } from './translateFailure.ts';

export interface Pkcs11Options extends TokenOptions {
  /** The key manager's name in the configuration. */
  readonly name: string;
  /** Sessions lent at most, 1 or more. One more is kept for the login. */
  readonly sessions: number;
  readonly calls: 'blocking' | 'threadpool';
  /** Milliseconds for one operation, the wait for a session included. A blocking call cannot be interrupted. */
  readonly timeoutMs: number;
}

export interface Pkcs11Dependencies {
  readonly modules: Pkcs11Modules;
  readonly logger: { warn(fields: object, message: string): void };
  /** Milliseconds of a clock that is never set back, such as performance.now(). */
  readonly clock: () => number;
}

/** Opens the token and logs in, trying the PIN once. Throws Pkcs11Failure. */
export async function openPkcs11KeyManager(
  options: Pkcs11Options,
  dependencies: Pkcs11Dependencies,
): Promise<KeyManager> {
  return new Pkcs11KeyManager(options, await openToken(options, dependencies.modules), dependencies);
}

type KeyManagerOptions = Pick<Pkcs11Options, 'name' | 'sessions' | 'calls' | 'timeoutMs'>;

export class Pkcs11KeyManager implements KeyManager {
  readonly name: string;
  readonly #timeoutMs: number;
  readonly #opened: OpenToken;
  readonly #pool: SessionPool;
  readonly #keys: KeyDirectory;
  readonly #aesGcm: AesGcm;
  readonly #logger: Pkcs11Dependencies['logger'];
  readonly #clock: () => number;

  constructor(
    { name, sessions, calls, timeoutMs }: KeyManagerOptions,
    opened: OpenToken,
    { logger, clock }: Pick<Pkcs11Dependencies, 'logger' | 'clock'>,
  ) {
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#opened = opened;
    this.#logger = logger;
    this.#clock = clock;
    const { cryptoki, token } = opened;
    this.#keys = new KeyDirectory(cryptoki, clock);
    this.#aesGcm = new AesGcm(cryptoki, calls);
    this.#pool = new SessionPool({
      size: sessions,
      open: () => token.openSession(),
      close: (session) => {
        token.closeSession(session);
      },
      clock,
    });
  }

  /** Asks the token each time, so that the answer is true now. */
  describeKey(label: string): Promise<KeyDescription> {
    return this.#withSession((session) => this.#keys.lookUp(session, label).description);
  }

  encrypt(label: string, plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed> {
    return this.#withSession((session) => {
      const key = this.#keys.find(session, label);
      requireUsage(key, 'ENCRYPT');
      return this.#aesGcm.encrypt(session, key.handle, plaintext, aad);
    });
  }

  async decrypt(label: string, sealed: Sealed, aad: Uint8Array): Promise<Uint8Array> {
    // Some modules accept other lengths, and a short tag is easier to forge.
    if (!IV_BYTES.includes(sealed.iv.length) || sealed.tag.length !== TAG_BYTES) throw invalidCiphertext();
    return this.#withSession((session) => {
      const key = this.#keys.find(session, label);
      requireUsage(key, 'DECRYPT');
      return this.#aesGcm.decrypt(session, key.handle, sealed, aad);
    });
  }

  describe(): Promise<KeyManagerDescription> {
    return Promise.resolve(describeToken(this.#opened.token.info));
  }

  /** Resolves once all calls have come back. A call that does not leaves the module loaded, which must outlive it. */
  async close(): Promise<void> {
    if (await this.#pool.close(this.#timeoutMs)) this.#opened.close();
    else this.#logger.warn({ keyManager: this.name }, 'A PKCS#11 call has not come back: its module stays loaded');
  }

  async #withSession<T>(use: (session: SessionHandle) => T | Promise<T>): Promise<T> {
    const deadline = this.#clock() + this.#timeoutMs;
    try {
      try {
        return await this.#pool.withSession(deadline, use);
      } catch (error) {
        if (!isStale(error)) throw error;
        this.#recover(error);
        return await this.#pool.withSession(deadline, use);
      }
    } catch (error) {
      throw translateFailure(error);
    }
  }

  /** One session, login or handle is gone, and the others with it as a rule. */
  #recover(error: CryptokiError): void {
    this.#logger.warn(
      { keyManager: this.name, detail: error.message },
      'A PKCS#11 session, login or handle is gone: logging in again',
    );
    this.#keys.forgetAll();
    this.#pool.closeIdle();
    this.#opened.token.login();
  }
}

// The token would refuse too, but not every token does, and it would cost a session.
function requireUsage({ description: { keySpec, keyUsage } }: SecretKey, usage: 'ENCRYPT' | 'DECRYPT'): void {
  if (keySpec !== 'AES_256') {
    throw new XksError('InvalidKeyUsageException', `The external key is ${keySpec}: only AES_256 can be used.`);
  }
  if (!keyUsage.includes(usage)) {
    throw new XksError('InvalidKeyUsageException', `The external key does not permit ${usage}.`);
  }
}

import { randomBytes } from 'node:crypto';
import { XksError } from '../../../xks/errors.ts';
import { IV_BYTES, TAG_BYTES } from '../../../xks/limits.ts';
import { encryptWithCdiv, requireDecryptable, type Cipher } from '../../encryptWithCdiv.ts';
import type {
  AadFields,
  KeyDescription,
  KeyManager,
  KeyManagerDescription,
  KeyManagerLoad,
  KeySelector,
  Sealed,
  SealedWithCdiv,
} from '../../keyManager.ts';
import { AesGcm, type GcmDialect } from './aesGcm.ts';
import type { SessionHandle } from '../cryptoki/cryptoki.ts';
import type { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { describeToken } from '../token/describeToken.ts';
import { hasLp64 } from '../cryptoki/hasLp64.ts';
import { isLoss } from './isLoss.ts';
import { KeyDirectory } from '../keys/keyDirectory.ts';
import type { Pkcs11Logger } from './lossLog.ts';
import { openToken, type OpenToken, type TokenOptions } from '../token/openToken.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import type { ModuleRegistry } from '../module/moduleRegistry.ts';
import { provideHealthKey } from '../keys/provideHealthKey.ts';
import { Recovery } from './recovery.ts';
import type { SecretKey } from '../keys/secretKey.ts';
import { SessionPool } from './sessionPool.ts';
import { invalidCiphertext, translateFailure } from './translateFailure.ts';

export interface Pkcs11Options extends TokenOptions, GcmDialect {
  /** The key manager's name in the configuration. */
  readonly name: string;
  /** Sessions lent at most, 1 or more. One more is kept for the login. */
  readonly sessions: number;
  /** Milliseconds for one operation, waits and a second attempt included. Without isolation a call cannot be interrupted. */
  readonly timeoutMs: number;
  /** Label of the key of the deep health check, which is made if the token has none. */
  readonly healthKey?: string;
}

export interface Pkcs11Dependencies {
  readonly modules: ModuleRegistry;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back, such as performance.now(). */
  readonly clock: () => number;
}

/** Opens the token, logs in, trying the PIN once, and makes the health key if there is none. Throws Pkcs11Failure. */
export async function openServingKeyManager(
  options: Pkcs11Options,
  dependencies: Pkcs11Dependencies,
): Promise<KeyManager> {
  if (options.gcmParameters === 'v2.20' && !hasLp64(process)) {
    const where = `${process.platform} on ${process.arch}`;
    throw new Pkcs11Failure(
      `gcmParameters: v2.20 is for 64-bit Linux and macOS (x64, arm64) only, and not for ${where}.`,
    );
  }
  const opened = await openToken(options, dependencies.modules);
  const { name, healthKey: label } = options;
  if (label !== undefined) await provideHealthKey(opened, { name, label }, dependencies.logger);
  return new ServingKeyManager(options, opened, dependencies);
}

/** The options beside those of its token. */
export type KeyManagerOptions = Omit<Pkcs11Options, keyof TokenOptions>;

type Use<T> = (session: SessionHandle) => T | Promise<T>;

export class ServingKeyManager implements KeyManager {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #healthKey: string | undefined;
  readonly #opened: OpenToken;
  readonly #pool: SessionPool;
  readonly #keys: KeyDirectory;
  readonly #aesGcm: AesGcm;
  readonly #recovery: Recovery;
  readonly #logger: Pkcs11Logger;
  readonly #clock: () => number;

  constructor(
    { name, sessions, timeoutMs, healthKey, ...dialect }: KeyManagerOptions,
    opened: OpenToken,
    { logger, clock }: Pick<Pkcs11Dependencies, 'logger' | 'clock'>,
  ) {
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.#healthKey = healthKey;
    this.#opened = opened;
    this.#logger = logger;
    this.#clock = clock;
    const { module, token } = opened;
    this.#keys = new KeyDirectory(module.cryptoki, clock);
    this.#aesGcm = new AesGcm(module.cryptoki, dialect);
    this.#pool = new SessionPool({
      size: sessions,
      open: () => token.openSession(),
      close: (session) => {
        token.closeSession(session);
      },
      clock,
      timeoutMs,
    });
    this.#recovery = new Recovery({ name, opened, pool: this.#pool, keys: this.#keys, logger, clock });
  }

  /** Asks the token each time, so that the answer is true now. */
  describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription> {
    return this.#withSession(deadline, (session) => this.#keys.lookUp(session, key).description);
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    return this.#withSession(deadline, (session) => this.#cipher(session, key).encrypt(plaintext, aad));
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    return this.#withSession(deadline, (session) => encryptWithCdiv(this.#cipher(session, key), plaintext, fields));
  }

  async decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    // Some modules accept other lengths, and a short tag is easier to forge.
    if (!IV_BYTES.includes(sealed.iv.length) || sealed.tag.length !== TAG_BYTES) throw invalidCiphertext();
    return this.#withSession(deadline, (session) => this.#cipher(session, key).decrypt(sealed, aad));
  }

  async checkHealth(deadline?: number): Promise<void> {
    const plaintext = randomBytes(32);
    const aad = randomBytes(16);
    await this.#withSession(deadline, async (session) => {
      const cipher = this.#cipher(session, { label: this.#healthKey });
      await requireDecryptable(cipher, await cipher.encrypt(plaintext, aad), aad, plaintext);
    });
  }

  describe(): Promise<KeyManagerDescription> {
    return Promise.resolve(describeToken(this.#opened.token.info));
  }

  load(): KeyManagerLoad {
    return this.#pool.load;
  }

  /** Resolves once all calls have come back. A call that does not leaves the module loaded, which must outlive it. */
  async close(): Promise<void> {
    this.#recovery.stop();
    if (await this.#pool.close(this.timeoutMs)) this.#opened.close();
    else this.#logger.warn({ keyManager: this.name }, 'A PKCS#11 call has not come back: its module stays loaded');
  }

  #cipher(session: SessionHandle, selector: KeySelector): Cipher {
    const find = (usage: 'ENCRYPT' | 'DECRYPT') => {
      const key = this.#keys.find(session, selector);
      requireUsage(key, usage);
      return key.handle;
    };
    return {
      encrypt: async (plaintext, aad) => this.#aesGcm.encrypt(session, find('ENCRYPT'), plaintext, aad),
      decrypt: async (sealed, aad) => this.#aesGcm.decrypt(session, find('DECRYPT'), sealed, aad),
    };
  }

  async #withSession<T>(latest = Infinity, use: Use<T>): Promise<T> {
    const deadline = Math.min(latest, this.#clock() + this.timeoutMs);
    this.#recovery.requireToken();
    try {
      const result = await this.#pool.withSession(deadline, use);
      this.#recovery.operationSucceeded();
      return result;
    } catch (error) {
      const failure = this.#recovery.diagnose(error);
      if (!isLoss(failure)) throw translateFailure(failure);
      return this.#tryAgain(failure, deadline, use);
    }
  }

  async #tryAgain<T>(failure: CryptokiError, deadline: number, use: Use<T>): Promise<T> {
    await this.#recovery.repair(failure, deadline);
    if (this.#clock() >= deadline) throw translateFailure(failure);
    try {
      const result = await this.#pool.withSession(deadline, use);
      this.#recovery.operationSucceeded();
      return result;
    } catch (error) {
      const again = this.#recovery.diagnose(error);
      if (isLoss(again)) this.#recovery.repairedInVain(again);
      throw translateFailure(again);
    }
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

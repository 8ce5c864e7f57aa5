import { redactError } from '../../redactError.ts';
import { XksError } from '../../xks/errors.ts';
import type {
  AadFields,
  KeyDescription,
  KeyManager,
  KeyManagerDescription,
  KeyManagerLoad,
  KeySelector,
  Sealed,
  SealedWithCdiv,
} from '../keyManager.ts';
import type { Pkcs11Logger } from './serving/lossLog.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';

export interface ReconnectingKeyManagerOptions {
  readonly name: string;
  readonly timeoutMs: number;
  /** Opens it, trying the PIN once. Throws Pkcs11Failure. `whenGone` is called when it is lost and must be opened anew. */
  readonly open: (whenGone: () => void) => Promise<KeyManager>;
  /** Called each time that it has been opened. */
  readonly onOpen: () => Promise<void>;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
}

// Between the first two attempts to open; then twice as long each time.
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
// An attempt may block the thread until a network gives up: then it has at most a fifth of the time.
const PAUSE_PER_ATTEMPT = 4;

/** A key manager that may not be open yet, or be lost again. Until it is open, operations fail with InternalException. */
export class ReconnectingKeyManager implements KeyManager {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #options: ReconnectingKeyManagerOptions;
  #keyManager: KeyManager | undefined;
  #failure: Pkcs11Failure | undefined;
  #attemptMs = 0;
  #openedAt = -Infinity;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ReconnectingKeyManagerOptions) {
    this.#options = options;
    this.name = options.name;
    this.timeoutMs = options.timeoutMs;
  }

  get isOpen(): boolean {
    return this.#keyManager !== undefined;
  }

  /** Tries to open it, once. Resolves to the failure, if there was one. */
  async open(): Promise<Pkcs11Failure | undefined> {
    const startedAt = this.#options.clock();
    try {
      const opened = await this.#options.open(() => {
        this.#lose();
      });
      if (this.#closed) {
        await opened.close();
        return undefined;
      }
      this.#keyManager = opened;
      this.#openedAt = this.#options.clock();
    } catch (error) {
      this.#failure = toFailure(error);
      return this.#failure;
    } finally {
      this.#attemptMs = this.#options.clock() - startedAt;
    }
    await this.#options.onOpen();
    return undefined;
  }

  /** Reports that it failed to open, and goes on trying in the background; not if its PIN was refused. */
  openLater({ message, pinRefused }: Pkcs11Failure): void {
    if (this.#closed) return;
    const { name, logger } = this.#options;
    const record = { keyManager: name, detail: message };
    if (pinRefused) {
      logger.error(record, 'A key manager cannot be opened, and is not tried again: correct its PIN');
      return;
    }
    const retryInMs = Math.round(Math.max(this.#pause, PAUSE_PER_ATTEMPT * this.#attemptMs));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
    logger.error({ ...record, retryInMs }, 'A key manager cannot be opened: it is tried again in the background');
    this.#timer = setTimeout(() => {
      void this.open().then((failure) => {
        if (failure) this.openLater(failure);
      });
    }, retryInMs).unref();
  }

  async describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription> {
    return this.#opened().describeKey(key, deadline);
  }

  async encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    return this.#opened().encrypt(key, plaintext, aad, deadline);
  }

  async encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    return this.#opened().encryptWithCdiv(key, plaintext, fields, deadline);
  }

  async decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    return this.#opened().decrypt(key, sealed, aad, deadline);
  }

  async checkHealth(deadline?: number): Promise<void> {
    return this.#opened().checkHealth(deadline);
  }

  async describe(): Promise<KeyManagerDescription> {
    return this.#opened().describe();
  }

  load(): KeyManagerLoad | undefined {
    return this.#keyManager?.load?.();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#keyManager?.close();
  }

  #lose(): void {
    this.#keyManager = undefined;
    // What is lost as soon as it is open must not be opened in a loop.
    if (this.#options.clock() - this.#openedAt >= LONGEST_PAUSE_MS) this.#pause = FIRST_PAUSE_MS;
    this.#failure = new Pkcs11Failure('It was lost: the thread of its PKCS#11 module ended.');
    this.openLater(this.#failure);
  }

  #opened(): KeyManager {
    if (this.#keyManager) return this.#keyManager;
    const detail = this.#failure?.message ?? 'it has not been opened yet';
    throw new XksError('InternalException', 'The key manager cannot be used at present.', { detail });
  }
}

// The message of what is not ours may hold anything.
function toFailure(error: unknown): Pkcs11Failure {
  if (error instanceof Pkcs11Failure) return error;
  return new Pkcs11Failure(`Opening it failed: ${redactError(error)}`, { cause: error });
}

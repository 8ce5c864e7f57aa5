import { redactError } from '../../redactError.ts';
import { BackOff, type BackOffDurations } from '../../timing/backOff.ts';
import { XksError } from '../../xks/errors.ts';
import { KEY_MANAGER_DURATIONS, type KeyManagerDurations } from '../durations.ts';
import { closed } from '../keyManagerFailures.ts';
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
} from '../keyManager.ts';
import type { Pkcs11Logger } from './serving/lossLog.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';

export interface ReconnectingKeyManagerOptions {
  readonly name: string;
  readonly timeoutMs: number;
  /**
   * Opens the key manager, trying the PIN once. Throws Pkcs11Failure. `whenGone` is called when it is lost and must be reopened.
   */
  readonly open: (whenGone: () => void) => Promise<KeyManager>;
  /** Called each time the key manager has been opened. */
  readonly onOpen: () => Promise<void>;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly durations?: Pick<KeyManagerDurations, 'reopen'>;
}

type State =
  /** The first attempt to open the key manager is running, or has not begun. */
  | { readonly name: 'opening' }
  | { readonly name: 'open'; readonly keyManager: KeyManager; readonly since: number }
  /** It did not open, or was lost. `timer`: of the next attempt, which may be running already. */
  | {
      readonly name: 'lost';
      readonly failure: Pkcs11Failure;
      readonly attemptMs: number;
      readonly timer?: NodeJS.Timeout;
    }
  /** Its PIN was refused: it is not tried again. */
  | { readonly name: 'refused'; readonly failure: Pkcs11Failure }
  | { readonly name: 'closed' };

/** A key manager that may not be open yet, or may be lost again. While it is not open, operations fail with InternalException. */
export class ReconnectingKeyManager implements KeyManager {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #options: ReconnectingKeyManagerOptions;
  readonly #durations: BackOffDurations;
  readonly #pauses: BackOff;
  #state: State = { name: 'opening' };

  constructor(options: ReconnectingKeyManagerOptions) {
    this.#options = options;
    this.name = options.name;
    this.timeoutMs = options.timeoutMs;
    this.#durations = (options.durations ?? KEY_MANAGER_DURATIONS).reopen;
    this.#pauses = new BackOff(this.#durations);
  }

  get isOpen(): boolean {
    return this.#state.name === 'open';
  }

  /** Tries once to open the key manager. Resolves to the failure, if there was one. */
  async open(): Promise<Pkcs11Failure | undefined> {
    const { open, onOpen, clock } = this.#options;
    const startedAt = clock();
    let keyManager: KeyManager;
    try {
      keyManager = await open(() => {
        this.#lose();
      });
    } catch (error) {
      const failure = toFailure(error);
      if (this.#state.name !== 'closed') this.#state = { name: 'lost', failure, attemptMs: clock() - startedAt };
      return failure;
    }
    if (this.#isClosed()) {
      await keyManager.close();
      return undefined;
    }
    this.#state = { name: 'open', keyManager, since: clock() };
    await onOpen();
    return undefined;
  }

  /** Logs that the key manager is not open, and retries in the background, unless its PIN was refused. */
  openLater(): void {
    if (this.#state.name !== 'lost') return;
    const { failure, attemptMs } = this.#state;
    const { name, logger } = this.#options;
    const record = { keyManager: name, detail: failure.message };
    if (failure.pinRefused) {
      this.#state = { name: 'refused', failure };
      logger.error(record, 'A key manager cannot be opened and is not retried: correct its PIN');
      return;
    }
    const retryInMs = Math.round(this.#pauses.next(attemptMs));
    logger.error({ ...record, retryInMs }, 'A key manager cannot be opened: it is retried in the background');
    const timer = setTimeout(() => {
      void this.open().then((failure) => {
        // If the key manager was opened and lost again meanwhile, its next attempt is already scheduled.
        if (failure) this.openLater();
      });
    }, retryInMs).unref();
    this.#state = { name: 'lost', failure, attemptMs, timer };
  }

  describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription> {
    return this.#ask((opened) => opened.describeKey(key, deadline));
  }

  describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<readonly KeyFinding[]> {
    return this.#ask((opened) => opened.describeKeys(keys, deadline));
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    return this.#ask((opened) => opened.encrypt(key, plaintext, aad, deadline));
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    return this.#ask((opened) => opened.encryptWithCdiv(key, plaintext, fields, deadline));
  }

  decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    return this.#ask((opened) => opened.decrypt(key, sealed, aad, deadline));
  }

  checkHealth(deadline?: number): Promise<void> {
    return this.#ask((opened) => opened.checkHealth(deadline));
  }

  describe(): Promise<KeyManagerDescription> {
    return this.#ask((opened) => opened.describe());
  }

  load(): KeyManagerLoad | undefined {
    return this.#state.name === 'open' ? this.#state.keyManager.load?.() : undefined;
  }

  async close(): Promise<void> {
    const before = this.#state;
    this.#state = { name: 'closed' };
    if (before.name === 'lost') clearTimeout(before.timer);
    if (before.name === 'open') await before.keyManager.close();
  }

  #lose(): void {
    const { clock } = this.#options;
    if (this.#state.name !== 'open') return;
    // A key manager that is lost right after it was opened must not be reopened in a tight loop.
    if (clock() - this.#state.since >= this.#durations.longestMs) this.#pauses.reset();
    const failure = new Pkcs11Failure('It was lost: the thread of its PKCS#11 module ended.');
    this.#state = { name: 'lost', failure, attemptMs: 0 };
    this.openLater();
  }

  #isClosed(): boolean {
    return this.#state.name === 'closed';
  }

  #ask<T>(operation: (opened: KeyManager) => Promise<T>): Promise<T> {
    const state = this.#state;
    if (state.name === 'open') return operation(state.keyManager);
    if (state.name === 'closed') return Promise.reject(closed());
    const detail = state.name === 'opening' ? 'it has not been opened yet' : state.failure.message;
    return Promise.reject(new XksError('InternalException', 'The key manager cannot be used at present.', { detail }));
  }
}

// The message of an error that is not ours may hold anything.
function toFailure(error: unknown): Pkcs11Failure {
  if (error instanceof Pkcs11Failure) return error;
  return new Pkcs11Failure(`Opening it failed: ${redactError(error)}`, { cause: error });
}

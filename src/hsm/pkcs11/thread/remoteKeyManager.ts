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
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import { copySealed } from './copySealed.ts';
import type { Call } from './messages.ts';
import type { ModuleThread } from './moduleThread.ts';

export interface RemoteKeyManagerOptions {
  /** Its own among those of the thread. */
  readonly id: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly sessions: number;
  readonly thread: ModuleThread;
  /** Called when it has been closed, or given up. */
  readonly onClose: () => void;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
}

// To close, the thread waits for calls for timeoutMs itself.
const MORE_TO_CLOSE_MS = 1_000;

/** A key manager that is open in the thread of its module. */
export class RemoteKeyManager implements KeyManager {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #options: RemoteKeyManagerOptions;
  #running = 0;

  constructor(options: RemoteKeyManagerOptions) {
    this.#options = options;
    this.name = options.name;
    this.timeoutMs = options.timeoutMs;
  }

  describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription> {
    return this.#call({ method: 'describeKey', args: [plain(key)] }, deadline);
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    const args = [plain(key), new Uint8Array(plaintext), new Uint8Array(aad)] as const;
    return this.#call({ method: 'encrypt', args }, deadline);
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    { aad, ciphertextMetadata }: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    const fields = { aad: new Uint8Array(aad), ciphertextMetadata: new Uint8Array(ciphertextMetadata) };
    const args = [plain(key), new Uint8Array(plaintext), fields] as const;
    return this.#call({ method: 'encryptWithCdiv', args }, deadline);
  }

  decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    return this.#call({ method: 'decrypt', args: [plain(key), copySealed(sealed), new Uint8Array(aad)] }, deadline);
  }

  checkHealth(deadline?: number): Promise<void> {
    return this.#call({ method: 'checkHealth', args: [] }, deadline);
  }

  describe(): Promise<KeyManagerDescription> {
    return this.#call({ method: 'describe', args: [] });
  }

  /** As it looks from here: an operation that waits for the thread waits for a session. */
  load(): KeyManagerLoad {
    const { sessions } = this.#options;
    const sessionsInUse = Math.min(this.#running, sessions);
    return { sessions, sessionsInUse, operationsWaiting: this.#running - sessionsInUse };
  }

  /** Resolves once all calls have come back, or are given up. */
  async close(): Promise<void> {
    const { id, thread, onClose, logger, clock } = this.#options;
    onClose();
    const deadline = clock() + this.timeoutMs + MORE_TO_CLOSE_MS;
    await thread.call(id, { method: 'close', args: [] }, deadline).catch(() => {
      logger.warn({ keyManager: this.name }, 'A key manager was not closed: the thread of its module does not answer');
    });
  }

  /** The thread gives what the same method of its own key manager gives. */
  async #call<T>(call: Call, latest = Infinity): Promise<T> {
    const { id, thread, clock } = this.#options;
    this.#running += 1;
    try {
      return (await thread.call(id, call, Math.min(latest, clock() + this.timeoutMs))) as T;
    } finally {
      this.#running -= 1;
    }
  }
}

/** The selector alone, and not what else the caller knows of the key. */
function plain({ label, ckaId }: KeySelector): KeySelector {
  return { label, ckaId };
}

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
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { ModuleThread } from './moduleThread.ts';
import { ownBytes } from './ownBytes.ts';
import type { ArgumentsOf, OperationName, ResultOf } from './threadCalls.ts';

export interface RemoteKeyManagerOptions {
  /** Id of the key manager, unique in its thread. */
  readonly id: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly sessions: number;
  readonly thread: ModuleThread;
  /** Called when the key manager has been closed or given up. */
  readonly onClose: () => void;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
}

// Before it closes a key manager, the thread itself waits up to timeoutMs for running calls.
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
    return this.#operate('describeKey', [selectorOf(key)], deadline);
  }

  describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<readonly KeyFinding[]> {
    return this.#operate('describeKeys', [keys.map(selectorOf)], deadline, this.timeoutMs * keys.length);
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    return this.#operate('encrypt', [selectorOf(key), plaintext, aad], deadline);
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    { aad, ciphertextMetadata }: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    return this.#operate('encryptWithCdiv', [selectorOf(key), plaintext, { aad, ciphertextMetadata }], deadline);
  }

  decrypt(key: KeySelector, { ciphertext, iv, tag }: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    return this.#operate('decrypt', [selectorOf(key), { ciphertext, iv, tag }, aad], deadline);
  }

  checkHealth(deadline?: number): Promise<void> {
    return this.#operate('checkHealth', [], deadline);
  }

  describe(): Promise<KeyManagerDescription> {
    return this.#operate('describe', []);
  }

  /** The load as the main thread sees it: an operation that waits for the thread counts as one that waits for a session. */
  load(): KeyManagerLoad {
    const { sessions } = this.#options;
    const sessionsInUse = Math.min(this.#running, sessions);
    return { sessions, sessionsInUse, operationsWaiting: this.#running - sessionsInUse };
  }

  /** Resolves once all calls have returned or are given up. */
  async close(): Promise<void> {
    const { id, thread, onClose, logger } = this.#options;
    onClose();
    await thread.close(id, this.timeoutMs + MORE_TO_CLOSE_MS).catch(() => {
      logger.warn({ keyManager: this.name }, 'A key manager was not closed: the thread of its module does not answer');
    });
  }

  /** Calls the method of the same name of the thread's key manager. */
  async #operate<Name extends OperationName>(
    name: Name,
    args: ArgumentsOf<Name>,
    latest = Infinity,
    longestMs = this.timeoutMs,
  ): Promise<ResultOf<Name>> {
    const { id, thread, clock } = this.#options;
    const deadline = Math.min(latest, clock() + longestMs);
    this.#running += 1;
    try {
      return (await thread.operate({ id, name, args: ownBytes(args) }, deadline)) as ResultOf<Name>;
    } finally {
      this.#running -= 1;
    }
  }
}

/** Copies only the selector, without other members of the caller's object. */
function selectorOf({ label, ckaId }: KeySelector): KeySelector {
  return { label, ckaId };
}

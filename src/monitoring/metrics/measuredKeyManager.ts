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
} from '../../hsm/keyManager.ts';
import { XksError, type XksErrorName } from '../../xks/errors.ts';

export interface MeasuredOperation {
  readonly operation: 'encrypt' | 'encrypt_with_cdiv' | 'decrypt' | 'describe_key' | 'check_health';
  /** Undefined if it succeeded. */
  readonly errorName: XksErrorName | undefined;
  readonly seconds: number;
}

export interface KeyManagerObserver {
  measured(operation: MeasuredOperation): void;
  described(key: KeySelector, description: KeyDescription): void;
}

/** A key manager that reports the durations of its operations and its descriptions of keys. */
export class MeasuredKeyManager implements KeyManager {
  readonly #keyManager: KeyManager;
  readonly #observer: KeyManagerObserver;

  constructor(keyManager: KeyManager, observer: KeyManagerObserver) {
    this.#keyManager = keyManager;
    this.#observer = observer;
  }

  get name(): string {
    return this.#keyManager.name;
  }

  get timeoutMs(): number {
    return this.#keyManager.timeoutMs;
  }

  async describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription> {
    const description = await this.#measure('describe_key', () => this.#keyManager.describeKey(key, deadline));
    this.#observer.described(key, description);
    return description;
  }

  /** Not timed, because it may take seconds, and no request waits for it. */
  async describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<readonly KeyFinding[]> {
    const findings = await this.#keyManager.describeKeys(keys, deadline);
    for (const [index, key] of keys.entries()) {
      const description = findings[index]?.description;
      if (description) this.#observer.described(key, description);
    }
    return findings;
  }

  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed> {
    return this.#measure('encrypt', () => this.#keyManager.encrypt(key, plaintext, aad, deadline));
  }

  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv> {
    return this.#measure('encrypt_with_cdiv', () => this.#keyManager.encryptWithCdiv(key, plaintext, fields, deadline));
  }

  decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array> {
    return this.#measure('decrypt', () => this.#keyManager.decrypt(key, sealed, aad, deadline));
  }

  checkHealth(deadline?: number): Promise<void> {
    return this.#measure('check_health', () => this.#keyManager.checkHealth(deadline));
  }

  describe(): Promise<KeyManagerDescription> {
    return this.#keyManager.describe();
  }

  load(): KeyManagerLoad | undefined {
    return this.#keyManager.load?.();
  }

  close(): Promise<void> {
    return this.#keyManager.close();
  }

  async #measure<T>(operation: MeasuredOperation['operation'], run: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let errorName: XksErrorName | undefined;
    try {
      return await run();
    } catch (error) {
      errorName = error instanceof XksError ? error.errorName : 'InternalException';
      throw error;
    } finally {
      this.#observer.measured({ operation, errorName, seconds: (performance.now() - startedAt) / 1000 });
    }
  }
}

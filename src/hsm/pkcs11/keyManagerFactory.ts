import { KEY_MANAGER_DURATIONS } from '../durations.ts';
import type { KeyManager } from '../keyManager.ts';
import { findModule } from './module/loadModule.ts';
import type { Pkcs11Logger } from './serving/lossLog.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';
import { openServingKeyManager } from './serving/openServingKeyManager.ts';
import type { Pkcs11Options } from './serving/servingKeyManager.ts';
import { ModuleRegistry } from './module/moduleRegistry.ts';
import { RefusedPins } from './token/refusedPins.ts';
import { IsolatedModule } from './thread/isolatedModule.ts';

export interface KeyManagerFactoryOptions {
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly refusedPins?: RefusedPins;
}

type Isolation = Pkcs11Options['isolation'];

/**
 * Opens the key managers of a process. All key managers that share a module have the same isolation, because a process
 * initialises a module once, so the module must have one owner.
 */
export class KeyManagerFactory {
  readonly #options: KeyManagerFactoryOptions;
  readonly #modules: ModuleRegistry;
  readonly #refusedPins: RefusedPins;
  readonly #isolated = new Map<string, IsolatedModule>();
  /** Isolation of each module that was ever used, by the module's file. */
  readonly #isolations = new Map<string, Isolation>();

  constructor(options: KeyManagerFactoryOptions) {
    this.#options = options;
    this.#refusedPins = options.refusedPins ?? new RefusedPins();
    this.#modules = new ModuleRegistry({ refusedPins: this.#refusedPins });
  }

  /**
   * Opens the token, logs in, trying the PIN once, and makes the health key if there is none. Throws Pkcs11Failure. `whenGone` is
   * called when the key manager is lost and must be reopened.
   */
  async open(options: Pkcs11Options, whenGone: () => void): Promise<KeyManager> {
    const file = await findModule(options.module);
    const isolation = this.#isolations.get(file) ?? options.isolation;
    this.#isolations.set(file, isolation);
    if (isolation !== options.isolation) {
      throw new Pkcs11Failure(
        `The PKCS#11 module ${options.module} is in use with isolation: ${isolation}. Another isolation needs a restart.`,
      );
    }
    if (isolation === 'none') {
      return openServingKeyManager(options, { modules: this.#modules, ...this.#options });
    }
    const module =
      this.#isolated.get(file) ?? new IsolatedModule(file, { ...this.#options, refusedPins: this.#refusedPins });
    this.#isolated.set(file, module);
    return module.open(options, whenGone);
  }

  /**
   * Ends the threads. Their key managers must be closed first. A thread in which a call hangs continues, and keeps the process
   * alive.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#isolated.values()].map((module) => module.end(KEY_MANAGER_DURATIONS.threadEndMs)));
  }
}

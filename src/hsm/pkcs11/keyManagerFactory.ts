import type { KeyManager } from '../keyManager.ts';
import { findModule } from './module/loadModule.ts';
import type { Pkcs11Logger } from './serving/lossLog.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';
import { openServingKeyManager, type Pkcs11Options } from './serving/servingKeyManager.ts';
import { ModuleRegistry } from './module/moduleRegistry.ts';
import { RefusedPins } from './token/refusedPins.ts';
import { ThreadedModule } from './thread/threadedModule.ts';

export interface KeyManagerFactoryOptions {
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly refusedPins?: RefusedPins;
}

// For a thread to end whose module has no call running.
const END_MS = 1_000;

type ModuleUse = Pick<Pkcs11Options, 'module' | 'calls'>;

/**
 * Opens the key managers of a process. If one of those that share a module has threadpool calls, all of them live in the thread
 * of that module: it is initialised once in a process, and must have one owner.
 */
export class KeyManagerFactory {
  readonly #options: KeyManagerFactoryOptions;
  readonly #modules: ModuleRegistry;
  readonly #refusedPins: RefusedPins;
  readonly #threaded = new Map<string, ThreadedModule>();
  /** Whether a module, by its file, lives in a thread: decided when it is first used. */
  readonly #isThreaded = new Map<string, boolean>();
  #all: readonly ModuleUse[];

  constructor(all: readonly ModuleUse[], options: KeyManagerFactoryOptions) {
    this.#all = all;
    this.#options = options;
    this.#refusedPins = options.refusedPins ?? new RefusedPins();
    this.#modules = new ModuleRegistry({ refusedPins: this.#refusedPins });
  }

  /** All that share the modules that are first used from now on. */
  plan(all: readonly ModuleUse[]): void {
    this.#all = all;
  }

  /**
   * Opens the token, logs in, trying the PIN once, and makes the health key if there is none. Throws Pkcs11Failure.
   * `whenGone` is called when the key manager is lost and must be opened anew.
   */
  async open(options: Pkcs11Options, whenGone: () => void): Promise<KeyManager> {
    const file = await findModule(options.module);
    const isThreaded = this.#isThreaded.get(file) ?? (await this.#isPooled(file));
    this.#isThreaded.set(file, isThreaded);
    if (!isThreaded && options.calls === 'threadpool') {
      throw new Pkcs11Failure(
        `The PKCS#11 module ${options.module} is in use with blocking calls. Other calls need a restart.`,
      );
    }
    if (!isThreaded) {
      return openServingKeyManager(options, { modules: this.#modules, ...this.#options });
    }
    const module =
      this.#threaded.get(file) ?? new ThreadedModule(file, { ...this.#options, refusedPins: this.#refusedPins });
    this.#threaded.set(file, module);
    return module.open(options, whenGone);
  }

  /** Ends the threads, whose key managers must be closed. One in which a call hangs goes on, and keeps the process. */
  async close(): Promise<void> {
    await Promise.all([...this.#threaded.values()].map((module) => module.end(END_MS)));
  }

  async #isPooled(file: string): Promise<boolean> {
    const pooled = this.#all.filter(({ calls }) => calls === 'threadpool');
    const files = await Promise.allSettled(pooled.map(({ module }) => findModule(module)));
    return files.some((found) => found.status === 'fulfilled' && found.value === file);
  }
}

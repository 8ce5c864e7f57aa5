import type { Cryptoki } from '../cryptoki/cryptoki.ts';
import { findModule, loadModule } from './loadModule.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import { SharedModule, type ModuleHandle } from './moduleHandle.ts';
import { RefusedPins } from '../token/refusedPins.ts';

export interface ModuleRegistryOptions {
  /** PINs that were refused. They outlive the modules, which are released when a token cannot be opened. */
  readonly refusedPins?: RefusedPins;
  /** Whether a module that is already initialised was left so by a thread that died. Then it is ours to restart. */
  readonly reclaim?: boolean;
}

/** The PKCS#11 modules in use. A process has one registry, in addition to those of its module threads. */
export class ModuleRegistry {
  readonly #loaded = new Map<string, SharedModule>();
  readonly #refusedPins: RefusedPins;
  readonly #reclaim: boolean;

  constructor({ refusedPins = new RefusedPins(), reclaim = false }: ModuleRegistryOptions = {}) {
    this.#refusedPins = refusedPins;
    this.#reclaim = reclaim;
  }

  /**
   * Loads and initialises the module, unless it is in use already. `path` is a shared library. `parameters` is text for
   * C_Initialize, on which all users of a module must agree. Throws Pkcs11Failure.
   */
  async open(path: string, parameters?: string): Promise<ModuleHandle> {
    const file = await findModule(path);
    let module = this.#loaded.get(file);
    if (!module) {
      module = this.#start(path, parameters);
      this.#loaded.set(file, module);
    } else if (module.parameters !== parameters) {
      throw new Pkcs11Failure(
        `The PKCS#11 module ${path} is in use with other initializeParameters. A process initialises it once: give all its key managers the same ones.`,
      );
    }
    return module.share(() => this.#loaded.delete(file));
  }

  #start(path: string, parameters: string | undefined): SharedModule {
    const cryptoki: Cryptoki = loadModule(path);
    try {
      return new SharedModule(cryptoki, { parameters, refusedPins: this.#refusedPins, reclaim: this.#reclaim });
    } catch (cause) {
      throw new Pkcs11Failure(
        `The PKCS#11 module ${path} does not start. Check its own configuration and environment (for SoftHSM, SOFTHSM2_CONF; for NSS, initializeParameters).`,
        { cause },
      );
    }
  }
}

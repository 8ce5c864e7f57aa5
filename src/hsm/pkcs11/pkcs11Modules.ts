import { realpath } from 'node:fs/promises';
import type { Cryptoki } from './cryptoki.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';
import { Pkcs11jsCryptoki } from './pkcs11jsCryptoki.ts';

export interface Pkcs11Module {
  readonly cryptoki: Cryptoki;
  /** Gives the module up, exactly once; it is finalized when its last user does. None of its calls may be running. */
  readonly release: () => void;
}

interface Loaded {
  readonly cryptoki: Cryptoki;
  /** Whether C_Initialize was ours, so that C_Finalize is too. */
  readonly ours: boolean;
  users: number;
}

/**
 * The PKCS#11 modules in use. A process has one: a module is initialised and finalized for the process as a whole, however
 * many key managers use it.
 */
export class Pkcs11Modules {
  readonly #loaded = new Map<string, Loaded>();

  /** Loads and initialises the module, unless it is in use already. `path` is a shared library. Throws Pkcs11Failure. */
  async open(path: string): Promise<Pkcs11Module> {
    const file = await realpath(path).catch((cause: unknown) => {
      const advice = "Install the vendor's library, or correct the path.";
      throw new Pkcs11Failure(`There is no PKCS#11 module ${path}. ${advice}`, { cause });
    });
    let module = this.#loaded.get(file);
    if (!module) {
      const cryptoki = load(path);
      module = { cryptoki, ours: initialize(cryptoki, path), users: 0 };
      this.#loaded.set(file, module);
    }
    module.users += 1;
    const { cryptoki } = module;
    return {
      cryptoki,
      release: () => {
        module.users -= 1;
        if (module.users > 0) return;
        this.#loaded.delete(file);
        if (module.ours) cryptoki.finalize();
      },
    };
  }
}

function load(path: string): Cryptoki {
  try {
    return new Pkcs11jsCryptoki(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Pkcs11Failure(
      `The PKCS#11 module ${path} cannot be loaded: ${reason}. It must be the vendor's PKCS#11 library for this platform.`,
      { cause },
    );
  }
}

function initialize(cryptoki: Cryptoki, path: string): boolean {
  try {
    return cryptoki.initialize();
  } catch (cause) {
    throw new Pkcs11Failure(
      `The PKCS#11 module ${path} does not start. Check its own configuration and environment (for SoftHSM, SOFTHSM2_CONF).`,
      { cause },
    );
  }
}

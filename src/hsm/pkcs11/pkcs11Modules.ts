import { realpath } from 'node:fs/promises';
import { Pkcs11Failure } from './pkcs11Failure.ts';
import { Pkcs11jsCryptoki } from './pkcs11jsCryptoki.ts';
import { SharedModule, type Pkcs11Module } from './pkcs11Module.ts';
import { RefusedPins } from './refusedPins.ts';

/** The PKCS#11 modules in use. A process has one of this. */
export class Pkcs11Modules {
  readonly #loaded = new Map<string, SharedModule>();
  // They outlive the module, which whoever fails to open it gives up.
  readonly #refusedPins = new Map<string, RefusedPins>();

  /**
   * Loads and initialises the module, unless it is in use already. `path` is a shared library, `parameters` text for
   * C_Initialize, on which all users of a module must agree. Throws Pkcs11Failure.
   */
  async open(path: string, parameters?: string): Promise<Pkcs11Module> {
    const file = await realpath(path).catch((cause: unknown) => {
      const advice = "Install the vendor's library, or correct the path.";
      throw new Pkcs11Failure(`There is no PKCS#11 module ${path}. ${advice}`, { cause });
    });
    let module = this.#loaded.get(file);
    if (!module) {
      const refusedPins = this.#refusedPins.get(file) ?? new RefusedPins();
      this.#refusedPins.set(file, refusedPins);
      module = start(path, parameters, refusedPins);
      this.#loaded.set(file, module);
    } else if (module.parameters !== parameters) {
      throw new Pkcs11Failure(
        `The PKCS#11 module ${path} is in use with other initializeParameters. A process initialises it once: give all its key managers the same ones.`,
      );
    }
    return module.share(() => this.#loaded.delete(file));
  }
}

function start(path: string, parameters: string | undefined, refusedPins: RefusedPins): SharedModule {
  const cryptoki = load(path);
  try {
    return new SharedModule(cryptoki, parameters, refusedPins);
  } catch (cause) {
    throw new Pkcs11Failure(
      `The PKCS#11 module ${path} does not start. Check its own configuration and environment (for SoftHSM, SOFTHSM2_CONF; for NSS, initializeParameters).`,
      { cause },
    );
  }
}

function load(path: string): Pkcs11jsCryptoki {
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

import { realpath } from 'node:fs/promises';
import type { ManagingCryptoki } from '../cryptoki/cryptoki.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import { Pkcs11jsCryptoki } from '../cryptoki/pkcs11jsCryptoki.ts';

/** Returns the canonical path of a module, the same for all links to it. Throws Pkcs11Failure if the module does not exist. */
export async function findModule(path: string): Promise<string> {
  return realpath(path).catch((cause: unknown) => {
    const advice = "Install the vendor's library, or correct the path.";
    throw new Pkcs11Failure(`There is no PKCS#11 module ${path}. ${advice}`, { cause });
  });
}

/** Loads the shared library. It stays loaded while the result is in use. Throws Pkcs11Failure. */
export function loadModule(path: string): ManagingCryptoki {
  try {
    return new Pkcs11jsCryptoki(path);
  } catch (cause) {
    if (cause instanceof Pkcs11Failure) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Pkcs11Failure(
      `The PKCS#11 module ${path} cannot be loaded: ${reason}. It must be the vendor's PKCS#11 library for this platform.`,
      { cause },
    );
  }
}

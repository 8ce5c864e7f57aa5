import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

/** Advice on installing SoftHSM. */
export const INSTALL_SOFTHSM =
  'Install SoftHSM 2: `apt-get install softhsm2` on Debian and Ubuntu, `brew install softhsm` on macOS.';

/** Path of SoftHSM's PKCS#11 module. Throws Pkcs11Failure. */
export function findSoftHsm(): string {
  const [module] = [
    '/usr/lib/softhsm', // Debian and Ubuntu
    ...globSync('/usr/lib/*/softhsm'), // the same, of one architecture
    '/opt/homebrew/lib/softhsm', // Homebrew on Apple silicon
    '/usr/local/lib/softhsm', // Homebrew on Intel; built from source
  ]
    .map((folder) => join(folder, 'libsofthsm2.so'))
    .filter((file) => existsSync(file));
  if (!module) throw new Pkcs11Failure(`There is no SoftHSM library libsofthsm2.so. ${INSTALL_SOFTHSM}`);
  return module;
}

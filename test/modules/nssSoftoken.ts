import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import { Secret } from '../../src/secret.ts';

export interface NssSoftoken {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** The text that C_Initialize must pass to NSS, which does not start without it. */
  readonly parameters: string;
  readonly tokenLabel: string;
  /** The user PIN. */
  readonly pin: Secret;
  /** Removes the database. All users of the module must have finalized it before. */
  dispose(): void;
}

/** NSS softoken with a new database and a token without keys. */
export function createNssSoftoken(): NssSoftoken {
  const module = findModule();
  const directory = mkdtempSync(join(tmpdir(), 'xks-proxy-nss-'));
  const tokenLabel = 'nss';
  const parameters = `configdir='sql:${directory}' tokens=<0x4=[tokenDescription='${tokenLabel}']>`;
  const pin = new Secret(randomBytes(16).toString('hex'));

  const pkcs11 = new pkcs11js.PKCS11();
  pkcs11.load(module);
  // pkcs11js drops the last character.
  pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK, libraryParameters: `${parameters} ` });
  const [slot] = pkcs11.C_GetSlotList(true);
  if (!slot) throw new Error('NSS softoken has no token');
  const session = pkcs11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  pkcs11.C_Login(session, pkcs11js.CKU_SO, '');
  pkcs11.C_InitPIN(session, pin.reveal());
  pkcs11.C_Finalize();

  return {
    module,
    parameters,
    tokenLabel,
    pin,
    dispose: () => {
      rmSync(directory, { recursive: true });
    },
  };
}

function findModule(): string {
  const [module] = globSync([
    '/usr/lib/*/libsoftokn3.so', // Debian 12
    '/usr/lib/*/nss/libsoftokn3.so', // other releases of Debian and Ubuntu
    '/opt/homebrew/opt/nss/lib/libsoftokn3.dylib', // Homebrew on Apple silicon
    '/usr/local/opt/nss/lib/libsoftokn3.dylib', // Homebrew on Intel
  ]);
  if (!module) {
    throw new Error(
      'There is no NSS softoken. Install it: `apt-get install libnss3` on Debian and Ubuntu, `brew install nss` on macOS.',
    );
  }
  return module;
}

import { createRequire } from 'node:module';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

type Pkcs11js = typeof import('pkcs11js');

const require = createRequire(import.meta.url);

/**
 * Loads pkcs11js with the first PKCS#11 module. npm installs the package without it, or does not compile it, where there is no
 * compiler: only commands that open a PKCS#11 module need it. Throws Pkcs11Failure.
 */
export function loadPkcs11js(): Pkcs11js {
  try {
    return require('pkcs11js') as Pkcs11js;
  } catch (cause) {
    // `npm install` would leave an installed package as it is.
    const [state, action] = isInstalled() ? ['compiled', 'rebuild'] : ['installed', 'install'];
    throw new Pkcs11Failure(
      `PKCS#11 modules are called through the npm package pkcs11js, which is not ${state} here. Install a C++ compiler, make ` +
        `and Python 3, then run \`npm ${action} pkcs11js --foreground-scripts\` beside xks-proxy, or use the .deb, the .tar.gz ` +
        'or the image, which have it (docs/install.md).',
      { cause },
    );
  }
}

function isInstalled(): boolean {
  try {
    require.resolve('pkcs11js');
    return true;
  } catch {
    return false;
  }
}

import type { KeyManager } from '../../keyManager.ts';
import { hasLp64 } from '../cryptoki/hasLp64.ts';
import { provideHealthKey } from '../keys/provideHealthKey.ts';
import type { ModuleRegistry } from '../module/moduleRegistry.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import { openToken } from '../token/openToken.ts';
import { ServingKeyManager, type Pkcs11Options, type ServingDependencies } from './servingKeyManager.ts';

export interface Pkcs11Dependencies extends ServingDependencies {
  readonly modules: ModuleRegistry;
}

/** Opens the token, logs in, trying the PIN once, and makes the health key if there is none. Throws Pkcs11Failure. */
export async function openServingKeyManager(
  options: Pkcs11Options,
  dependencies: Pkcs11Dependencies,
): Promise<KeyManager> {
  if (options.gcmParameters === 'v2.20' && !hasLp64(process)) {
    const where = `${process.platform} on ${process.arch}`;
    throw new Pkcs11Failure(
      `gcmParameters: v2.20 is for 64-bit Linux and macOS (x64, arm64) only, and not for ${where}.`,
    );
  }
  const opened = await openToken(options, dependencies.modules);
  const { name, healthKey: label } = options;
  if (label !== undefined) await provideHealthKey(opened, { name, label }, dependencies.logger);
  return new ServingKeyManager(options, opened, dependencies);
}

import type { Secret } from '../../../secret.ts';
import type { TokenSelector } from './findToken.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import type { ModuleHandle } from '../module/moduleHandle.ts';
import type { ModuleRegistry } from '../module/moduleRegistry.ts';
import { Token } from './token.ts';

export interface TokenOptions {
  /** Path of the vendor's PKCS#11 library. */
  readonly module: string;
  /** Text that the module needs in C_Initialize. */
  readonly initializeParameters?: string | undefined;
  readonly token: TokenSelector;
  /** The user PIN. */
  readonly pin: Secret;
}

export interface OpenToken {
  readonly module: ModuleHandle;
  /** The token, logged in. */
  readonly token: Token;
  /** Logs out and releases the module. None of its calls may be running. */
  close(): void;
}

/** Loads the module, finds the token, which must support AES-GCM, and logs in, trying the PIN once. Throws Pkcs11Failure. */
export async function openToken(options: TokenOptions, modules: ModuleRegistry): Promise<OpenToken> {
  const module = await modules.open(options.module, options.initializeParameters);
  try {
    const token = new Token(module.cryptoki, options.token, options.pin, module.refusedPins);
    token.requireAesGcm();
    token.login();
    return {
      module,
      token,
      close: () => {
        token.close();
        module.release();
      },
    };
  } catch (error) {
    module.release();
    if (error instanceof Pkcs11Failure) throw error;
    throw new Pkcs11Failure(`The PKCS#11 module ${options.module} cannot list its tokens.`, { cause: error });
  }
}

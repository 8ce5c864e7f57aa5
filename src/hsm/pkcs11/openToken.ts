import type { Secret } from '../../secret.ts';
import type { Cryptoki } from './cryptoki.ts';
import { findToken, type TokenSelector } from './findToken.ts';
import { Pkcs11Failure } from './pkcs11Failure.ts';
import type { Pkcs11Modules } from './pkcs11Modules.ts';
import { Token } from './token.ts';

export interface TokenOptions {
  /** Path of the vendor's PKCS#11 library. */
  readonly module: string;
  readonly token: TokenSelector;
  /** The user PIN. */
  readonly pin: Secret;
}

export interface OpenToken {
  readonly cryptoki: Cryptoki;
  /** Logged in. */
  readonly token: Token;
  /** Logs out and gives up the module. None of its calls may be running. */
  close(): void;
}

/** Loads the module, finds the token and logs in, trying the PIN once. Throws Pkcs11Failure. */
export async function openToken(options: TokenOptions, modules: Pkcs11Modules): Promise<OpenToken> {
  const { cryptoki, release } = await modules.open(options.module);
  try {
    const token = new Token(cryptoki, findToken(cryptoki.tokens(), options.token), options.pin);
    token.login();
    return {
      cryptoki,
      token,
      close: () => {
        token.close();
        release();
      },
    };
  } catch (error) {
    release();
    if (error instanceof Pkcs11Failure) throw error;
    throw new Pkcs11Failure(`The PKCS#11 module ${options.module} cannot list its tokens.`, { cause: error });
  }
}

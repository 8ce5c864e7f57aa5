import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

/** Cedar has thrown an error instead of answering. */
export class CedarFailure extends Error {
  override readonly name = 'CedarFailure';
}

// V8 optimizes a WebAssembly function once it has run about this many bytes of it. The default of 13 million is reached while policies
// are loaded, and malloc keeps the 25 MiB that the optimization takes. Functions that decide requests are still optimized.
const OPTIMIZED_AFTER_BYTES = 500_000_000;
setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZED_AFTER_BYTES}`);

const PACKAGE = '@cedar-policy/cedar-wasm/nodejs';

let instance: Cedar | undefined;

/** Returns Cedar. It takes a sixth of the start of a process, so it is loaded only with the first policy. */
export function cedar(): Cedar {
  instance ??= load();
  return instance;
}

/**
 * Calls a function of Cedar. Throws CedarFailure if a text is not Unicode, or if Cedar throws. Cedar cannot continue after it has
 * thrown, because WebAssembly does not give back its stack: after some 1,700 errors, or one that ends at the limit of the stack,
 * every call fails. So the next call gets another instance, which knows none of the policies.
 */
export function ask<Name extends keyof Cedar>(name: Name, ...args: Parameters<Cedar[Name]>): ReturnType<Cedar[Name]> {
  // JSON cannot hold such a text, so Cedar would throw.
  if (!args.every(isUnicode)) throw new CedarFailure('a text has an unpaired surrogate, so that it is not Unicode');
  // TypeScript cannot see that the arguments are those of this function.
  const call = cedar()[name] as (...values: typeof args) => ReturnType<Cedar[Name]>;
  try {
    return call(...args);
  } catch (error) {
    instance = undefined;
    throw new CedarFailure(`Cedar has failed: ${(error as Error).message}`, { cause: error });
  }
}

function load(): Cedar {
  // A new `require` for each instance, because each keeps what it has loaded.
  const require = createRequire(import.meta.url);
  Reflect.deleteProperty(require.cache, require.resolve(PACKAGE));
  return require(PACKAGE) as Cedar;
}

function isUnicode(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isUnicode(member));
}

import { targetNames } from './allTargets.ts';

export interface FuzzSettings {
  readonly names: readonly string[];
  /** Time for each target. */
  readonly seconds: number;
}

/**
 * Reads FUZZ (targets, by default all) and either FUZZ_SECONDS (for each target, by default 10) or FUZZ_MINUTES (for all of them
 * together). Throws an Error that says what is wrong with them.
 */
export function fuzzSettings({ FUZZ, FUZZ_SECONDS, FUZZ_MINUTES }: NodeJS.ProcessEnv): FuzzSettings {
  const names = FUZZ?.split(',') ?? targetNames;
  const unknown = names.find((name) => !targetNames.includes(name));
  if (unknown !== undefined) throw new Error(`FUZZ: there is no target ${unknown}, only ${targetNames.join(', ')}`);
  if (FUZZ_SECONDS !== undefined && FUZZ_MINUTES !== undefined) {
    throw new Error('Give either FUZZ_SECONDS, for each target, or FUZZ_MINUTES, for all of them together');
  }
  if (FUZZ_MINUTES === undefined) return { names, seconds: wholeNumber('FUZZ_SECONDS', FUZZ_SECONDS ?? '10') };
  return { names, seconds: Math.ceil((wholeNumber('FUZZ_MINUTES', FUZZ_MINUTES) * 60) / names.length) };
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name} must be a whole number, 1 or more`);
  return Number(text);
}

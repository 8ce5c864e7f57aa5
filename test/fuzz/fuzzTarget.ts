/** Input of a target. A text has one character a byte. */
export type Seed = string | Uint8Array;

/** A parser that reads bytes of strangers, and what must hold for any bytes. */
export interface FuzzTarget {
  /** Longest input. Where the parser has no limit of its own, enough to show that it takes quadratic time. */
  readonly maxBytes: number;
  /** The most CPU time in milliseconds that an input may take; by default 250. */
  readonly maxCpuMs?: number;
  /** Valid inputs and near misses, and inputs that were found. */
  readonly seeds: readonly Seed[];
  /** Words of the format that the fuzzer puts into inputs. */
  readonly words?: readonly string[];
  /** Throws if the parser breaks its contract for this input. */
  readonly check: (input: Buffer) => void;
}

export function seedBytes(seed: Seed): Buffer {
  return typeof seed === 'string' ? Buffer.from(seed, 'latin1') : Buffer.from(seed);
}

/** What a parser makes of an input; undefined if it refuses the input with an error of this class. Throws any other error. */
export function unlessRefused<Result>(
  refusal: abstract new (...parameters: never[]) => Error,
  parse: () => Result,
): Result | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}

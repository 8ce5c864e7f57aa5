/** The input of a target. A text has one character per byte. */
export type Seed = string | Uint8Array;

/** A parser that reads bytes of strangers, with the rules that hold for any bytes. */
export interface FuzzTarget {
  /** The longest input. If the parser has no limit, long enough to reveal quadratic time. */
  readonly maxBytes: number;
  /** Maximum CPU time of an input in milliseconds, 250 by default. */
  readonly maxCpuMs?: number;
  /** Valid inputs, almost valid inputs, and inputs that fuzzing has found. */
  readonly seeds: readonly Seed[];
  /** Words of the format, which the fuzzer puts into inputs. */
  readonly words?: readonly string[];
  /** Throws if the parser breaks its contract for this input. */
  readonly check: (input: Buffer) => void;
}

export function seedBytes(seed: Seed): Buffer {
  return typeof seed === 'string' ? Buffer.from(seed, 'latin1') : Buffer.from(seed);
}

/** The result of a parser, or undefined if it refuses the input with an error of this class. Throws any other error. */
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

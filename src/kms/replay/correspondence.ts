// ARNs, account ids, and ids of keys, key stores and grants can occur inside messages and policies. Ciphertexts and plaintexts cannot.
const OCCURS_INSIDE = /^(arn:.*|\d{12}|(cks|mrk)-\w+|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{64})$/;

/**
 * Pairs of recorded values, such as key ids and ciphertexts, and the corresponding values of the local KMS. A recorded value is paired with
 * the local value at the place where it first appears in an answer.
 */
export class Correspondence {
  readonly #locals = new Map<string, string>();
  /** Recorded values that are also replaced inside longer texts. */
  readonly #inside: string[] = [];
  /** Recorded values that correspond to themselves, such as values that the caller chose. */
  readonly #kept = new Set<string>();

  constructor(pairs: Iterable<readonly [recorded: string, local: string]> = []) {
    for (const [recorded, local] of pairs) this.pair(recorded, local);
  }

  /** Whether the local value of a recorded text is known. */
  knows(recorded: string): boolean {
    return this.#kept.has(recorded) || this.toLocal(recorded) !== recorded;
  }

  pair(recorded: string, local: string): void {
    if (!this.#locals.has(recorded) && OCCURS_INSIDE.test(recorded)) this.#inside.push(recorded);
    this.#locals.set(recorded, local);
  }

  /** Makes a recorded text correspond to itself from now on, unless it has another local value. */
  keep(recorded: string): void {
    if (!this.knows(recorded)) this.#kept.add(recorded);
  }

  /** Converts a recorded value to the local one: replaces paired values everywhere in its texts. */
  toLocal<Value>(recorded: Value): Value;
  toLocal(recorded: unknown): unknown {
    if (typeof recorded === 'string') return this.#locals.get(recorded) ?? this.#replaceInside(recorded);
    if (Array.isArray(recorded)) return recorded.map((element: unknown) => this.toLocal(element));
    if (typeof recorded !== 'object' || recorded === null) return recorded;
    return Object.fromEntries(Object.entries(recorded).map(([name, value]) => [name, this.toLocal<unknown>(value)]));
  }

  /** Converts a recorded input to the input to send. Texts in it that are not paired yet correspond to themselves from now on. */
  toLocalInput(recorded: object): object {
    for (const text of textsOf(recorded)) this.keep(text);
    return this.toLocal(recorded);
  }

  #replaceInside(text: string): string {
    const inside = this.#inside.filter((value) => text.includes(value));
    // The longest first, because an id may be part of a paired ARN.
    return inside
      .toSorted((a, b) => b.length - a.length)
      .reduce((replaced, value) => replaced.replaceAll(value, () => this.#locals.get(value) ?? value), text);
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

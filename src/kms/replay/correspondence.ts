// ARNs, account ids, and ids of keys, key stores and grants occur in messages and policies; ciphertexts and plaintexts do not.
const OCCURS_INSIDE = /^(arn:.*|\d{12}|(cks|mrk)-\w+|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{64})$/;

/**
 * Values of a recording, such as key ids and ciphertexts, and the values of the local KMS that they stand for. Each recorded
 * value is paired with the local one that is where it first appears in an answer.
 */
export class Correspondence {
  readonly #locals = new Map<string, string>();
  /** Recorded values that are replaced inside longer texts, too. */
  readonly #inside: string[] = [];
  /** Recorded values that stand for themselves, such as those that the caller chose. */
  readonly #kept = new Set<string>();

  constructor(pairs: Iterable<readonly [recorded: string, local: string]> = []) {
    for (const [recorded, local] of pairs) this.pair(recorded, local);
  }

  /** Whether what a recorded text stands for is settled. */
  knows(recorded: string): boolean {
    return this.#kept.has(recorded) || this.toLocal(recorded) !== recorded;
  }

  pair(recorded: string, local: string): void {
    if (!this.#locals.has(recorded) && OCCURS_INSIDE.test(recorded)) this.#inside.push(recorded);
    this.#locals.set(recorded, local);
  }

  /** Lets a recorded text stand for itself from now on, unless it stands for another. */
  keep(recorded: string): void {
    if (!this.knows(recorded)) this.#kept.add(recorded);
  }

  /** What a recorded value stands for: paired values are replaced wherever they are in its texts. */
  toLocal<Value>(recorded: Value): Value;
  toLocal(recorded: unknown): unknown {
    if (typeof recorded === 'string') return this.#locals.get(recorded) ?? this.#replaceInside(recorded);
    if (Array.isArray(recorded)) return recorded.map((element: unknown) => this.toLocal(element));
    if (typeof recorded !== 'object' || recorded === null) return recorded;
    return Object.fromEntries(Object.entries(recorded).map(([name, value]) => [name, this.toLocal<unknown>(value)]));
  }

  /** The input to send for a recorded one. Its texts that stand for nothing yet stand for themselves from now on. */
  toLocalInput(recorded: object): object {
    for (const text of textsOf(recorded)) this.keep(text);
    return this.toLocal(recorded);
  }

  #replaceInside(text: string): string {
    const inside = this.#inside.filter((value) => text.includes(value));
    // The longest first: an id may be a part of an ARN that is paired, too.
    return inside
      .toSorted((a, b) => b.length - a.length)
      .reduce((replaced, value) => replaced.replaceAll(value, () => this.#locals.get(value) ?? value), text);
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

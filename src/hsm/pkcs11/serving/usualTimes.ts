// The share of the newest time in the average: it follows a change within some ten operations.
const NEWEST_SHARE = 1 / 8;

/** What operations of each kind take at present, as moving averages. They begin at 0, so that a slow first operation means little. */
export class UsualTimes {
  readonly #longestMs: number;
  readonly #averages = new Map<string, number>();

  /** `longestMs`: more than this counts as this, so that one operation that hangs does not change the average for long. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Milliseconds; 0 for a kind that is not known yet. */
  of(kind: string): number {
    return this.#averages.get(kind) ?? 0;
  }

  note(kind: string, milliseconds: number): void {
    const newest = Math.min(milliseconds, this.#longestMs);
    const average = this.of(kind);
    this.#averages.set(kind, average + (newest - average) * NEWEST_SHARE);
  }
}

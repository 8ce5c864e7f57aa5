const NEWEST_SHARE = 1 / 4;
// More than twice the average counts as this much, so that one stall of the process or the HSM means little.
const SURPRISE_MS = 1;
// Without a new time, an average is worth less and less: a kind that is refused because it was slow must be tried again.
const HALF_LIFE_MS = 1_000;

interface Average {
  readonly milliseconds: number;
  readonly notedAt: number;
}

/** What operations of each kind take at present, as moving averages. They begin at 0. */
export class UsualTimes {
  readonly #longestMs: number;
  readonly #averages = new Map<string, Average>();

  /** `longestMs`: a longer time counts as this. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Milliseconds; 0 for a kind that is not known yet. */
  of(kind: string, now: number): number {
    const average = this.#averages.get(kind);
    return average ? average.milliseconds * 2 ** ((average.notedAt - now) / HALF_LIFE_MS) : 0;
  }

  note(kind: string, milliseconds: number, now: number): void {
    const average = this.of(kind, now);
    const newest = Math.min(milliseconds, 2 * average + SURPRISE_MS, this.#longestMs);
    this.#averages.set(kind, { milliseconds: average + (newest - average) * NEWEST_SHARE, notedAt: now });
  }
}

const NEWEST_SHARE = 1 / 4;
// After so many times, one that is more than twice the average counts as this much: one stall of the process or the HSM means little.
const NOTES_TO_BE_SURE = 8;
const SURPRISE_MS = 1;
// Without a new time for so many of the longest ones, an average is old.
const LONGEST_TIMES_TO_AGE = 5;

interface Average {
  readonly milliseconds: number;
  readonly notes: number;
  readonly notedAt: number;
}

const UNKNOWN: Average = { milliseconds: 0, notes: 0, notedAt: -Infinity };

/** What operations of each kind take at present, as moving averages. They begin at 0. */
export class UsualTimes {
  readonly #longestMs: number;
  readonly #averages = new Map<string, Average>();
  /** When each kind was last given a trial. */
  readonly #trials = new Map<string, number>();

  /** `longestMs`: a longer time counts as this. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Milliseconds; 0 for a kind that is not known yet. */
  of(kind: string): number {
    return this.#get(kind).milliseconds;
  }

  /** The usual time of the slowest kind that was noted lately. */
  slowest(now: number): number {
    const recent = [...this.#averages.values()].filter(({ notedAt }) => !this.#isOld(notedAt, now));
    return Math.max(0, ...recent.map(({ milliseconds }) => milliseconds));
  }

  /** A shorter time replaces an old average, which says nothing of the present. */
  note(kind: string, milliseconds: number, now: number): void {
    const { milliseconds: average, notes, notedAt } = this.#get(kind);
    const most = notes < NOTES_TO_BE_SURE ? this.#longestMs : Math.min(2 * average + SURPRISE_MS, this.#longestMs);
    const newest = Math.min(milliseconds, most);
    const share = newest < average && this.#isOld(notedAt, now) ? 1 : NEWEST_SHARE;
    this.#averages.set(kind, { milliseconds: average + (newest - average) * share, notes: notes + 1, notedAt: now });
  }

  /**
   * Whether one operation may wait for a session although its usual time speaks against it: a trial, if the average is old and
   * there was no trial lately. A kind that was slow, and is refused for it, is seen to be fast again only by a trial.
   */
  mayTry(kind: string, now: number): boolean {
    if (!this.#isOld(Math.max(this.#get(kind).notedAt, this.#trials.get(kind) ?? -Infinity), now)) return false;
    this.#trials.set(kind, now);
    return true;
  }

  #get(kind: string): Average {
    return this.#averages.get(kind) ?? UNKNOWN;
  }

  #isOld(since: number, now: number): boolean {
    return now - since >= LONGEST_TIMES_TO_AGE * this.#longestMs;
  }
}

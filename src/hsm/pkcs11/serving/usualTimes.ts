const NEWEST_SHARE = 1 / 4;
// After this many times, a time of more than twice the average counts as twice the average, because one stall of the process or
// the HSM means little.
const NOTES_TO_BE_SURE = 8;
const SURPRISE_MS = 1;
// If no new time has been noted for this many of the longest times, the average is outdated.
const LONGEST_TIMES_TO_AGE = 5;

interface Average {
  readonly milliseconds: number;
  readonly notes: number;
  readonly notedAt: number;
}

const UNKNOWN: Average = { milliseconds: 0, notes: 0, notedAt: -Infinity };

/** The usual durations of operations of each kind, as moving averages. They begin at 0. */
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

  /** Notes a duration. A shorter one replaces an outdated average. */
  note(kind: string, milliseconds: number, now: number): void {
    const { milliseconds: average, notes, notedAt } = this.#get(kind);
    const most = notes < NOTES_TO_BE_SURE ? this.#longestMs : Math.min(2 * average + SURPRISE_MS, this.#longestMs);
    const newest = Math.min(milliseconds, most);
    const share = newest < average && this.#isOld(notedAt, now) ? 1 : NEWEST_SHARE;
    this.#averages.set(kind, { milliseconds: average + (newest - average) * share, notes: notes + 1, notedAt: now });
  }

  /**
   * Whether one operation may wait for a session although its usual time is too long. This trial is allowed if the average is
   * outdated and there was no trial lately. A kind that is refused because it was slow can only be seen to be fast again by a
   * trial.
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

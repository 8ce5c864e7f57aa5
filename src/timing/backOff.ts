export interface BackOffDurations {
  /** Milliseconds before the second attempt. Each later pause is twice as long as the previous one. */
  readonly firstMs: number;
  readonly longestMs: number;
}

// An attempt may block its thread until a network call gives up. With pauses four times as long, attempts take a fifth of the
// time.
const PAUSE_PER_ATTEMPT = 4;

/** Pauses between attempts at something that fails, each twice as long as the one before. */
export class BackOff {
  readonly #durations: BackOffDurations;
  #nextMs: number;

  constructor(durations: BackOffDurations) {
    this.#durations = durations;
    this.#nextMs = durations.firstMs;
  }

  /** The pause to make now, in milliseconds, after an attempt that took `attemptMs`. */
  next(attemptMs = 0): number {
    const pause = this.#nextMs;
    this.#nextMs = Math.min(2 * pause, this.#durations.longestMs);
    return Math.max(pause, PAUSE_PER_ATTEMPT * attemptMs);
  }

  /** Begins with the first pause again, after a success. */
  reset(): void {
    this.#nextMs = this.#durations.firstMs;
  }
}

export interface Rate {
  readonly requestsPerSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /**
   * How tokens come back: continuously, or all at the end of a second that begins with its first request. Continuously if left
   * out.
   */
  readonly fills?: 'steadily' | 'each second';
}

/** A limiter of the rate of requests. It begins full. */
export class TokenBucket {
  readonly #clock: () => number;
  readonly rate: Rate;
  #tokens: number;
  #filledAt: number;

  /** `clock`: milliseconds of a clock that is never set back, such as performance.now(). */
  constructor(rate: Rate, clock: () => number) {
    this.#clock = clock;
    this.rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = clock();
  }

  /** Takes a token. Returns whether there was one. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Returns a bucket with another rate that is as full as this one, or this one if the rate is the same. */
  at(rate: Rate): TokenBucket {
    const { requestsPerSecond, burst, fills } = this.rate;
    if (rate.requestsPerSecond === requestsPerSecond && rate.burst === burst && rate.fills === fills) return this;
    this.#fill();
    const other = new TokenBucket(rate, this.#clock);
    other.#tokens = Math.min(this.#tokens, rate.burst);
    return other;
  }

  #fill(): void {
    const now = this.#clock();
    const { requestsPerSecond, burst, fills } = this.rate;
    if (fills === 'each second' && now - this.#filledAt < 1000) return;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * requestsPerSecond);
    this.#filledAt = now;
  }
}

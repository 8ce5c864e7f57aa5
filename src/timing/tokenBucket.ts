export interface Rate {
  readonly requestsPerSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Whether there is room all the time, or anew when a second is over, which begins with its first request. Steadily if left out. */
  readonly fills?: 'steadily' | 'each second';
}

/** Limiter of requests to a rate; full at first. */
export class TokenBucket {
  readonly #clock: () => number;
  readonly rate: Rate;
  #tokens: number;
  #filledAt: number;

  /** `clock`: milliseconds that never go back, such as performance.now(). */
  constructor(rate: Rate, clock: () => number) {
    this.#clock = clock;
    this.rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = clock();
  }

  /** Whether there was a token to take. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** A bucket of another rate that is as full as this one; this one if the rate is the same. */
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

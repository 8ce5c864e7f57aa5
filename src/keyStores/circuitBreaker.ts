import { BackOff } from '../timing/backOff.ts';
import type { GuardDurations } from './guardDurations.ts';
import type { Finding } from './healthProbe.ts';

/** Whether a key manager gets operations. `failures` counts consecutive failures. `since` is a time on the breaker's clock. */
export type BreakerState =
  | { readonly is: 'closed'; readonly failures: number }
  /** Left out because operations fail, or because the probe fails. */
  | { readonly is: 'open'; readonly cause: 'operations' | 'probe'; readonly since: number }
  /** Taken back after a probe passed, although it did not show why operations failed. */
  | { readonly is: 'on probation'; readonly failures: number; readonly since: number };

export interface CircuitBreakerOptions {
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly durations: Pick<GuardDurations, 'retryMs' | 'longestRetryMs' | 'probationMs'>;
  /** Schedules a probe after this time. Only a probe that begins then can close the breaker. */
  readonly probeIn: (milliseconds: number) => void;
}

/** Consecutive failures after which a key manager is left out. */
export const FAILURES_TO_OPEN = 3;

/**
 * Leaves a key manager out when operations fail, until a probe passes. If operations then fail again, the key manager is left out
 * for longer each time.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #backOff: BackOff;
  #state: BreakerState = { is: 'closed', failures: 0 };

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    const { retryMs, longestRetryMs } = options.durations;
    this.#backOff = new BackOff({ firstMs: retryMs, longestMs: longestRetryMs });
  }

  get state(): BreakerState {
    return this.#state;
  }

  operationSucceeded(): void {
    if (this.#state.is !== 'open' && this.#state.failures > 0) this.#state = { ...this.#state, failures: 0 };
  }

  operationFailed(): void {
    if (this.#state.is === 'open') return;
    const failures = this.#state.failures + 1;
    if (failures < FAILURES_TO_OPEN) {
      this.#state = { ...this.#state, failures };
      return;
    }
    const pause = this.#state.is === 'closed' ? 0 : this.#backOff.next();
    this.#open('operations');
    this.#options.probeIn(pause);
  }

  probed(finding: Finding): void {
    if (finding.is === 'failed') this.#open('probe');
    if (finding.is === 'passed') this.#probePassed(finding.at);
  }

  #probePassed(startedAt: number): void {
    const { clock, durations } = this.#options;
    const state = this.#state;
    if (state.is === 'open' && state.cause === 'operations') {
      // A probe that began earlier does not cover the failures since.
      if (startedAt >= state.since) this.#state = { is: 'on probation', failures: 0, since: clock() };
    } else if (state.is === 'on probation' && clock() - state.since <= durations.probationMs) {
      this.#state = { ...state, failures: 0 };
    } else {
      this.#state = { is: 'closed', failures: 0 };
      this.#backOff.reset();
    }
  }

  #open(cause: 'operations' | 'probe'): void {
    this.#state = { is: 'open', cause, since: this.#options.clock() };
  }
}

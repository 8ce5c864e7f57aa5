import { mediansOf, quantile } from '../statistics.ts';
import type { LoopOutcome } from './closedLoop.ts';

/** Figures per second, unless stated otherwise. */
export interface Figures {
  /** Successes within the time that KMS waits. */
  readonly goodput: number;
  /** Encryptions among these successes. */
  readonly encrypts: number;
  readonly late: number;
  readonly throttled: number;
  readonly timedOut: number;
  readonly failed: number;
  /** Milliseconds until a success. */
  readonly successP50: number;
  readonly successP99: number;
  /** Milliseconds until an answer with 429 or 503. */
  readonly refusalP50: number;
  readonly refusalP99: number;
  /** Number of wrong answers over the whole time. */
  readonly wrong: number;
  /** Share of the time, from 0 to 1. */
  readonly generatorBusy: number;
}

// The limit includes connection set-up, which keep-alive avoids.
const KMS_WAITS_MS = 250;
const REFUSALS = { ThrottlingException: 'throttled', DependencyTimeoutException: 'timedOut' } as const;

export function figuresOf({ sent, wrong, seconds, generatorBusy }: LoopOutcome): Figures {
  const counts = { goodput: 0, encrypts: 0, late: 0, throttled: 0, timedOut: 0, failed: 0 };
  const [successes, refusals]: [number[], number[]] = [[], []];
  for (const { operation, outcome, took } of sent) {
    if (outcome === 'ok') {
      if (operation === 'encrypt' && took <= KMS_WAITS_MS) counts.encrypts += 1 / seconds;
      counts[took <= KMS_WAITS_MS ? 'goodput' : 'late'] += 1 / seconds;
      successes.push(took);
    } else if (outcome in REFUSALS) {
      counts[REFUSALS[outcome as keyof typeof REFUSALS]] += 1 / seconds;
      refusals.push(took);
    } else if (outcome !== 'wrong answer') {
      counts.failed += 1 / seconds;
    }
  }
  return {
    ...counts,
    successP50: quantile(successes, 0.5),
    successP99: quantile(successes, 0.99),
    refusalP50: quantile(refusals, 0.5),
    refusalP99: quantile(refusals, 0.99),
    wrong,
    generatorBusy,
  };
}

/** Returns the median of each figure, and the sum of wrong answers. */
export function mediansOfRounds(rounds: readonly Figures[]): Figures {
  return { ...mediansOf(rounds), wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0) };
}

import { Repetition } from '../../timing/repetition.ts';
import { aggregateSnapshots } from '../metrics/aggregateMetrics.ts';
import type { MetricsSnapshot } from '../metrics/metricsSnapshot.ts';
import { MetricReader } from './metricReader.ts';
import { NO_TOTALS, readStates, readTotals, SAMPLED_METRICS, subtract, type Sample, type Totals } from './sample.ts';

export interface StatusHistoryOptions {
  /** Metrics of these names, of all processes. */
  readonly collect: (names: readonly string[]) => Promise<readonly MetricsSnapshot[]>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that is never set back. */
  readonly stopwatch: () => number;
  /** Told when a sample cannot be taken; the next one is tried. */
  readonly onError: (error: unknown) => void;
}

const SAMPLE_MS = 5_000;
/** So many make half an hour. */
const MOST_SAMPLES = 360;
/** Graphs have as many. */
const BINS = 90;
/** Seconds. */
export const BIN_SECONDS = (MOST_SAMPLES * SAMPLE_MS) / BINS / 1000;
export const HISTORY_SECONDS = (MOST_SAMPLES * SAMPLE_MS) / 1000;

/** What the proxy did in the last half hour, in samples of 5 seconds; older ones are forgotten. */
export class StatusHistory {
  readonly #options: StatusHistoryOptions;
  readonly #repetition: Repetition;
  #samples: readonly Sample[] = [];
  #totals: Totals = NO_TOTALS;
  /** By the stopwatch. */
  #sampledAt: number;

  constructor(options: StatusHistoryOptions) {
    this.#options = options;
    this.#sampledAt = options.stopwatch();
    this.#repetition = new Repetition(
      () => this.#sample(),
      () => SAMPLE_MS,
    );
  }

  start(): void {
    void this.#repetition.run();
  }

  stop(): void {
    this.#repetition.stop();
  }

  /** Those of the last half hour, the newest last. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The samples of each bin of 20 seconds; the last bin is the one of now. */
  bins(): readonly (readonly Sample[])[] {
    const binOf = (at: number) => Math.floor(at / (BIN_SECONDS * 1000));
    const byBin = Map.groupBy(this.#samples, ({ at }) => binOf(at));
    const last = binOf(this.#options.clock());
    return Array.from({ length: BINS }, (_, index) => byBin.get(last - BINS + 1 + index) ?? []);
  }

  async #sample(): Promise<void> {
    const { collect, clock, stopwatch, onError } = this.#options;
    try {
      const metrics = new MetricReader(await aggregateSnapshots(await collect(SAMPLED_METRICS)));
      const now = stopwatch();
      const totals = readTotals(metrics);
      const seconds = (now - this.#sampledAt) / 1000;
      const sample = { at: clock(), seconds, ...subtract(totals, this.#totals), states: readStates(metrics) };
      this.#samples = [...this.#samples, sample].slice(-MOST_SAMPLES);
      [this.#totals, this.#sampledAt] = [totals, now];
    } catch (error) {
      onError(error);
    }
  }
}

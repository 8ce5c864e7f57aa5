import { Repetition } from '../../timing/repetition.ts';
import { aggregateSnapshots } from '../metrics/aggregateMetrics.ts';
import type { MetricsSnapshot } from '../metrics/metricsSnapshot.ts';
import { MetricReader } from './metricReader.ts';
import { NO_TOTALS, readStates, readTotals, SAMPLED_METRICS, subtract, type Sample, type Totals } from './sample.ts';

export interface StatusHistoryOptions {
  /** Returns the metrics with these names, of all processes. */
  readonly collect: (names: readonly string[]) => Promise<readonly MetricsSnapshot[]>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that is never set back. */
  readonly stopwatch: () => number;
  /** Called when a sample cannot be taken. The next one is still tried. */
  readonly onError: (error: unknown) => void;
}

const SAMPLE_MS = 5_000;
/** Half an hour of samples. */
const MOST_SAMPLES = 360;
/** Number of bins in a graph. */
const BINS = 90;
/** Seconds. */
export const BIN_SECONDS = (MOST_SAMPLES * SAMPLE_MS) / BINS / 1000;
export const HISTORY_SECONDS = (MOST_SAMPLES * SAMPLE_MS) / 1000;

/** Activity of the proxy in the last half hour, in samples of 5 seconds. Older samples are dropped. */
export class StatusHistory {
  readonly #options: StatusHistoryOptions;
  readonly #repetition: Repetition;
  #samples: readonly Sample[] = [];
  #totals: Totals = NO_TOTALS;
  /** Time on the stopwatch. */
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

  /** Samples of the last half hour, newest last. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Returns the samples of each bin of 20 seconds. The last bin is the current one. */
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

import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type MeasuredWorker = Pick<SupervisedWorker, 'peer'>;

export interface WorkerMetricsOptions {
  /** Merges the counts of several snapshots into one snapshot. */
  readonly retainCounts: (snapshots: readonly MetricsSnapshot[]) => Promise<MetricsSnapshot>;
  /** Milliseconds for a worker's answer. */
  readonly answerMs: number;
}

/** The metrics of all workers. Counts of workers that have ended are kept. */
export class WorkerMetrics {
  readonly #options: WorkerMetricsOptions;
  /** The last snapshot of each worker, by the names of metrics. */
  readonly #last = new Map<MeasuredWorker, Map<string, MetricsSnapshot[number]>>();
  readonly #endedWorkers = new WeakSet<MeasuredWorker>();
  #ended: Promise<MetricsSnapshot> = Promise.resolve([]);

  constructor(options: WorkerMetricsOptions) {
    this.#options = options;
  }

  /**
   * Asks workers for all metrics, or for those with these names. A worker that does not answer is represented by its last
   * snapshot.
   */
  async collect(workers: Iterable<MeasuredWorker>, names?: readonly string[]): Promise<readonly MetricsSnapshot[]> {
    const { answerMs: timeoutMs } = this.#options;
    const asked = [...workers].map(async (worker) => {
      const snapshots = await worker.peer.call('metrics', names, { timeoutMs }).catch(() => []);
      if (this.#endedWorkers.has(worker)) return;
      const last = this.#last.get(worker) ?? new Map<string, MetricsSnapshot[number]>();
      for (const metric of snapshots.flat()) last.set(metric.name, metric);
      this.#last.set(worker, last);
    });
    await Promise.all(asked);
    const snapshots = [await this.#ended, ...[...this.#last.values()].map((metrics) => [...metrics.values()])];
    if (!names) return snapshots;
    const isAskedFor = new Set(names);
    return snapshots.map((snapshot) => snapshot.filter(({ name }) => isAskedFor.has(name)));
  }

  /** Keeps the last counts of a worker that has ended. */
  retain(worker: MeasuredWorker): void {
    this.#endedWorkers.add(worker);
    const last = this.#last.get(worker) ?? new Map<string, MetricsSnapshot[number]>();
    this.#last.delete(worker);
    this.#ended = this.#ended.then((ended) => this.#options.retainCounts([ended, [...last.values()]]));
  }
}

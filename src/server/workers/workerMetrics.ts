import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type MeasuredWorker = Pick<SupervisedWorker, 'peer'>;

export interface WorkerMetricsOptions {
  /** Makes one snapshot of what was counted in several. */
  readonly retainCounts: (snapshots: readonly MetricsSnapshot[]) => Promise<MetricsSnapshot>;
  /** Milliseconds for a worker's answer. */
  readonly answerMs: number;
}

/** The metrics of workers, of those that have ended too: what was counted stays counted. */
export class WorkerMetrics {
  readonly #options: WorkerMetricsOptions;
  /** What each gave last. */
  readonly #last = new Map<MeasuredWorker, readonly MetricsSnapshot[]>();
  readonly #endedWorkers = new WeakSet<MeasuredWorker>();
  #ended: Promise<readonly MetricsSnapshot[]> = Promise.resolve([]);

  constructor(options: WorkerMetricsOptions) {
    this.#options = options;
  }

  /** Asks workers; one that does not answer has what it gave last. */
  async collect(workers: Iterable<MeasuredWorker>): Promise<readonly MetricsSnapshot[]> {
    const { answerMs: timeoutMs } = this.#options;
    const asked = [...workers].map(async (worker) => {
      const snapshots = await worker.peer.call('metrics', undefined, { timeoutMs }).catch(() => undefined);
      if (snapshots && !this.#endedWorkers.has(worker)) this.#last.set(worker, snapshots);
    });
    await Promise.all(asked);
    return [...(await this.#ended), ...[...this.#last.values()].flat()];
  }

  /** Keeps what a worker that has ended had counted when it was last asked. */
  retain(worker: MeasuredWorker): void {
    this.#endedWorkers.add(worker);
    const last = this.#last.get(worker) ?? [];
    this.#last.delete(worker);
    this.#ended = this.#ended.then(async (ended) => [await this.#options.retainCounts([...ended, ...last])]);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

// A scraper waits for some seconds.
const ANSWER_MS = 2_000;

/** The metrics of workers, of those that have ended too: what was counted stays counted. */
export class WorkerMetrics {
  readonly #retainCounts: (snapshots: readonly MetricsSnapshot[]) => Promise<MetricsSnapshot>;
  /** What each gave last. */
  readonly #last = new Map<SupervisedWorker, readonly MetricsSnapshot[]>();
  readonly #endedWorkers = new WeakSet<SupervisedWorker>();
  #ended: Promise<readonly MetricsSnapshot[]> = Promise.resolve([]);

  /** `retainCounts` makes one snapshot of what was counted in several. */
  constructor(retainCounts: (snapshots: readonly MetricsSnapshot[]) => Promise<MetricsSnapshot>) {
    this.#retainCounts = retainCounts;
  }

  /** Asks workers; one that does not answer has what it gave last. */
  async collect(workers: Iterable<SupervisedWorker>): Promise<readonly MetricsSnapshot[]> {
    const late = sleep(ANSWER_MS, undefined, { ref: false });
    const asked = [...workers].map(async (worker) => {
      const answer = worker.calls.call('metrics', undefined).catch(() => undefined);
      const snapshots = await Promise.race([answer, late]);
      if (snapshots && !this.#endedWorkers.has(worker)) this.#last.set(worker, snapshots);
    });
    await Promise.all(asked);
    return [...(await this.#ended), ...[...this.#last.values()].flat()];
  }

  /** Keeps what a worker that has ended had counted when it was last asked. */
  retain(worker: SupervisedWorker): void {
    this.#endedWorkers.add(worker);
    const last = this.#last.get(worker) ?? [];
    this.#last.delete(worker);
    this.#ended = this.#ended.then(async (ended) => [await this.#retainCounts([...ended, ...last])]);
  }
}

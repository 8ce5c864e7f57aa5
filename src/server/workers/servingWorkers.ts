import type { Readiness } from '../../keyStores/readiness.ts';

/** The workers that have started and not ended, each with the last readiness that it reported. */
export class ServingWorkers<Worker> {
  readonly #readiness = new Map<Worker, Readiness>();

  note(worker: Worker, readiness: Readiness): void {
    this.#readiness.set(worker, readiness);
  }

  delete(worker: Worker): void {
    this.#readiness.delete(worker);
  }

  get all(): Worker[] {
    return [...this.#readiness.keys()];
  }

  /** The workers that get connections: the ready ones. If no worker is ready, all of them, since the next request may work. */
  get accepting(): Worker[] {
    const ready = this.all.filter((worker) => this.#readiness.get(worker)?.ready);
    return ready.length > 0 ? ready : this.all;
  }

  /** Ready if at least one worker is. */
  get readiness(): Readiness {
    const workers = [...this.#readiness.values()];
    return {
      ready: workers.some(({ ready }) => ready),
      problems: workers.length === 0 ? ['no worker serves'] : [...new Set(workers.flatMap(({ problems }) => problems))],
    };
  }
}

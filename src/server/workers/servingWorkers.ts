import type { Readiness } from '../../keyStores/readiness.ts';

/** The workers that have started and not ended, each with the readiness that it last reported. */
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

  /** The workers that are given connections: the ready ones. If none is ready, all, since the next request may work. */
  get accepting(): Worker[] {
    const ready = this.all.filter((worker) => this.#readiness.get(worker)?.ready);
    return ready.length > 0 ? ready : this.all;
  }

  /** Ready as soon as one worker is. */
  get readiness(): Readiness {
    const workers = [...this.#readiness.values()];
    return {
      ready: workers.some(({ ready }) => ready),
      problems: workers.length === 0 ? ['no worker serves'] : [...new Set(workers.flatMap(({ problems }) => problems))],
    };
  }
}

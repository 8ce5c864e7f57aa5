import type { Logger } from 'pino';

// Retries, for example after a short failure of the state file, because nothing else would end a state in progress.
const RETRY_MS = 1_000;

/** Whether the transition is still the next one of its subject. */
export type IsCurrent = () => boolean;

/** The next state transition of each subject (key store, cluster, ...), at most one each, by id. */
export class Transitions {
  readonly #log: Logger;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Errors of the last attempt, for transitions that are being retried. */
  readonly #problems = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Runs `finish` after `milliseconds`, and cancels the previous transition of the subject. A failure is logged, and `finish` runs again a
   * second later. After an `await`, `finish` must not change a state unless `isCurrent()`.
   */
  later(id: string, milliseconds: number, finish: (isCurrent: IsCurrent) => void | Promise<void>): void {
    this.cancel(id);
    const isCurrent: IsCurrent = () => this.#timers.get(id) === timer;
    const run = async (): Promise<void> => {
      try {
        await finish(isCurrent);
      } catch (error) {
        this.#log.error({ id, err: error }, 'a state cannot be changed');
        if (!isCurrent()) return;
        this.later(id, RETRY_MS, finish);
        this.#problems.set(id, error instanceof Error ? error.message : String(error));
        return;
      }
      if (isCurrent()) this.cancel(id);
    };
    // The process may end before the timer, because the next run resumes the transition.
    const timer = setTimeout(() => void run(), milliseconds).unref();
    this.#timers.set(id, timer);
  }

  cancel(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#problems.delete(id);
  }

  /** Returns why the last attempt of a subject's transition failed, or undefined if there is no problem. */
  problemOf(id: string): string | undefined {
    return this.#problems.get(id);
  }

  /** Cancels all transitions but keeps the states, so that the next run resumes them. */
  stop(): void {
    for (const id of this.#timers.keys()) this.cancel(id);
  }
}

import type { Logger } from 'pino';

// For a state file that fails for a moment: nothing else would end a state that is in progress.
const RETRY_MS = 1_000;

/** Whether the transition is still what its subject is about to do. */
export type IsCurrent = () => boolean;

/** What subjects (key stores, clusters, ...) are about to become, at most one thing each, by their ids. */
export class Transitions {
  readonly #log: Logger;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Why the last try has failed of those that are tried again. */
  readonly #problems = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Runs `finish` after so many milliseconds, in place of what the subject was about to become. A failure is logged, and `finish`
   * runs again a second later. After an `await`, `finish` must not change a state unless it is current.
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
    // The process need not wait for it: the next run resumes it.
    const timer = setTimeout(() => void run(), milliseconds).unref();
    this.#timers.set(id, timer);
  }

  cancel(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#problems.delete(id);
  }

  /** Why the subject is not yet what it is about to become; undefined while nothing is wrong. */
  problemOf(id: string): string | undefined {
    return this.#problems.get(id);
  }

  /** The states stay as they are, to be resumed by the next run. */
  stop(): void {
    for (const id of this.#timers.keys()) this.cancel(id);
  }
}

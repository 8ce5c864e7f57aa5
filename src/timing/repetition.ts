type State =
  | { readonly is: 'idle' }
  | { readonly is: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly is: 'running'; readonly end: Promise<void>; nextInMs?: number }
  | { readonly is: 'stopped' };

/** Work that is repeated, one run at a time. Its timer does not keep the process from ending. */
export class Repetition {
  readonly #work: () => Promise<void>;
  readonly #pauseMs: () => number;
  #state: State = { is: 'idle' };

  /** `work` must not throw. `pauseMs` is called at the end of each run, unless `runIn` was called during that run. */
  constructor(work: () => Promise<void>, pauseMs: () => number) {
    this.#work = work;
    this.#pauseMs = pauseMs;
  }

  /**
   * Runs the work now, or joins the current run. After that, the work runs again after each pause. Resolves at the end of this
   * run.
   */
  async run(): Promise<void> {
    this.#clearTimer();
    if (this.#state.is === 'idle' || this.#state.is === 'waiting') this.#begin();
    if (this.#state.is === 'running') await this.#state.end;
  }

  /** Starts the next run after this time, replacing any earlier schedule. A current run ends first. */
  runIn(milliseconds: number): void {
    if (this.#state.is === 'stopped') return;
    if (this.#state.is === 'running') {
      this.#state.nextInMs = milliseconds;
      return;
    }
    this.#clearTimer();
    const timer = setTimeout(this.#begin.bind(this), milliseconds).unref();
    this.#state = { is: 'waiting', timer };
  }

  /** Starts no further run. */
  stop(): void {
    this.#clearTimer();
    this.#state = { is: 'stopped' };
  }

  /** Stops, and resolves when a current run has ended. */
  async end(): Promise<void> {
    const underWay = this.#state.is === 'running' ? this.#state.end : undefined;
    this.stop();
    await underWay;
  }

  #begin(): void {
    const end = Promise.resolve()
      .then(this.#work)
      .then(() => {
        this.#end();
      });
    this.#state = { is: 'running', end };
  }

  #end(): void {
    if (this.#state.is !== 'running') return;
    const { nextInMs = this.#pauseMs() } = this.#state;
    this.#state = { is: 'idle' };
    this.runIn(nextInMs);
  }

  #clearTimer(): void {
    if (this.#state.is === 'waiting') clearTimeout(this.#state.timer);
  }
}

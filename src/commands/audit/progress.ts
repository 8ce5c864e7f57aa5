import type { Cli } from '../cli.ts';

const REDRAW_MS = 200;
const LINE_MS = 10_000;

/** Shows the progress of long work on standard error: one redrawn line on a terminal, or a line every 10 s in a log. */
export class Progress {
  readonly #cli: Pick<Cli, 'err' | 'redraw' | 'interactive'>;
  readonly #clock: () => number;
  readonly #startedAt: number;
  #saidAt: number;
  /** Whether the last line on the screen is a progress line. */
  #drawn = false;

  /** `clock` returns milliseconds. */
  constructor(cli: Pick<Cli, 'err' | 'redraw' | 'interactive'>, clock = () => performance.now()) {
    this.#cli = cli;
    this.#clock = clock;
    this.#startedAt = clock();
    this.#saidAt = this.#startedAt;
  }

  /** Shows progress. It is cheap, and to be called after each portion of the work. `unit` is a plural, such as `records`. */
  report(work: string, done: number, total: number, unit: string): void {
    const now = this.#clock();
    if (now - this.#saidAt < (this.#cli.interactive ? REDRAW_MS : LINE_MS)) return;
    this.#saidAt = now;
    const fraction = total > 0 ? Math.min(done / total, 1) : 1;
    const left = fraction > 0 ? `, ${describeSeconds(((now - this.#startedAt) * (1 - fraction)) / fraction)} left` : '';
    const amount = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit}`;
    const line = `${work}: ${amount} (${Math.floor(100 * fraction)} %)${left}`;
    if (this.#drawn) this.#cli.redraw(line);
    else this.#cli.err(line);
    this.#drawn = this.#cli.interactive;
  }

  /** Removes the redrawn line from the screen. To be called before any other output, and at the end. */
  clear(): void {
    if (this.#drawn) this.#cli.redraw();
    this.#drawn = false;
  }
}

function describeSeconds(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

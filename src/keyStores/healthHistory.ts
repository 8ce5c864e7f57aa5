import type { HealthStatus } from '../xks/messages/getHealthStatus.ts';

/** A change of a key manager's health. */
export interface HealthChange {
  readonly status: HealthStatus;
  /** Undefined if nothing is wrong. */
  readonly detail: string | undefined;
  /** Milliseconds since the change. */
  readonly agoMs: number;
}

// A key manager whose health keeps changing must not fill the memory.
const MOST = 20;

/** The last changes of a key manager's health, newest last. */
export class HealthHistory {
  readonly #clock: () => number;
  #changes: { readonly status: HealthStatus; readonly detail: string | undefined; readonly at: number }[] = [];

  /** `clock`: milliseconds of a clock that is never set back. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get last(): HealthStatus | undefined {
    return this.#changes.at(-1)?.status;
  }

  note(status: HealthStatus, detail: string | undefined): void {
    this.#changes = [...this.#changes, { status, detail, at: this.#clock() }].slice(-MOST);
  }

  changes(): HealthChange[] {
    const now = this.#clock();
    return this.#changes.map(({ at, ...change }) => ({ ...change, agoMs: now - at }));
  }
}

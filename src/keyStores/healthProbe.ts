import type { KeyManager, KeyManagerDescription } from '../hsm/keyManager.ts';
import { redactError } from '../redactError.ts';
import { Repetition } from '../timing/repetition.ts';
import { XksError } from '../xks/errors.ts';
import type { GuardDurations } from './guardDurations.ts';

/** The finding of a probe. */
export type Finding =
  /** No probe has finished yet, or none has lately. */
  | { readonly is: 'unknown' }
  | (Found & { readonly is: 'passed'; readonly passedAt: number; readonly description: KeyManagerDescription })
  /** All sessions were in use; a probe has passed lately. */
  | (Found & { readonly is: 'busy'; readonly passedAt: number; readonly detail: string })
  | (Found & {
      readonly is: 'failed';
      readonly passedAt: number | undefined;
      readonly detail: string;
      readonly inARow: number;
    });

interface Found {
  /** When the probe began, on its clock. `passedAt` is when the last passing probe began. */
  readonly at: number;
  /** Undefined if the key manager has never answered. */
  readonly description: KeyManagerDescription | undefined;
}

export interface HealthProbeOptions {
  readonly keyManager: KeyManager;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly durations: Pick<GuardDurations, 'maxAgeMs' | 'busyMs'>;
  /** Called at the end of each probe. */
  readonly onFinding: (finding: Finding) => void;
  /** Returns the milliseconds until the next probe. Called at the end of each probe. */
  readonly pauseMs: () => number;
}

// One probe may fail because of a brief fault, and readiness must not flap.
const FAILURES_TO_BE_LOST = 2;

/** Round trips with a key manager's health key in the background, and what the last one found. */
export class HealthProbe {
  readonly #options: HealthProbeOptions;
  readonly #repetition: Repetition;
  #last: Finding = { is: 'unknown' };

  constructor(options: HealthProbeOptions) {
    this.#options = options;
    this.#repetition = new Repetition(() => this.#probe(), options.pauseMs);
  }

  /** Probes now, unless a probe is running, and then after each pause. Resolves at the end of this probe; never throws. */
  start(): Promise<void> {
    return this.#repetition.run();
  }

  /** Sets when the next probe begins. */
  probeIn(milliseconds: number): void {
    this.#repetition.runIn(milliseconds);
  }

  stop(): void {
    this.#repetition.stop();
  }

  /** The last finding, or `unknown` if it is too old. */
  get finding(): Finding {
    const { clock, durations } = this.#options;
    const isOld = this.#last.is !== 'unknown' && clock() - this.#last.at > durations.maxAgeMs;
    return isOld ? { is: 'unknown' } : this.#last;
  }

  /** The last description that the key manager gave. */
  get description(): KeyManagerDescription | undefined {
    return this.#last.is === 'unknown' ? undefined : this.#last.description;
  }

  /** Whether the key manager has never served, or has been failing for more than a moment. */
  get isLost(): boolean {
    const { finding } = this;
    if (finding.is === 'failed') return finding.passedAt === undefined || finding.inARow >= FAILURES_TO_BE_LOST;
    return finding.is === 'unknown';
  }

  async #probe(): Promise<void> {
    const { keyManager, clock, onFinding } = this.#options;
    const at = clock();
    let { description } = this;
    try {
      description = await keyManager.describe();
      await keyManager.checkHealth();
      this.#last = { is: 'passed', at, passedAt: clock(), description };
    } catch (error) {
      this.#last = this.#judge(error, { at, description });
    }
    onFinding(this.#last);
  }

  #judge(error: unknown, found: Found): Finding {
    const { clock, durations } = this.#options;
    const passedAt = this.#last.is === 'unknown' ? undefined : this.#last.passedAt;
    const detail = describe(error);
    const isBusy = error instanceof XksError && error.errorName === 'ThrottlingException';
    if (isBusy && passedAt !== undefined && clock() - passedAt <= durations.busyMs) {
      return { is: 'busy', ...found, passedAt, detail };
    }
    const inARow = this.#last.is === 'failed' ? this.#last.inARow + 1 : 1;
    return { is: 'failed', ...found, passedAt, detail, inARow };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof XksError)) return redactError(error);
  return error.detail === undefined ? error.message : `${error.message} (${error.detail})`;
}

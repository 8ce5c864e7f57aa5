import type { GuardedKeyManager } from './failover.ts';
import type { KeyManager, KeyManagerDescription, KeyManagerHealth } from '../hsm/keyManager.ts';
import { redactError } from '../redactError.ts';
import { XksError } from '../xks/errors.ts';
import type { HealthStatus } from '../xks/messages/getHealthStatus.ts';

export interface DeepHealthCheckOptions {
  readonly keyManager: KeyManager;
  /** performance.now(), or a test's clock: milliseconds. */
  readonly clock: () => number;
  /** Told of each change of the status. */
  readonly onChange: (status: HealthStatus, detail: string | undefined) => void;
}

const INTERVAL_MS = 10_000;
// As long as it does not serve as it should.
const RETRY_MS = 2_000;
// Failures in a row, without a success of any request, after which a key manager is left out until a check passes.
const FAILURES_TO_LEAVE_OUT = 3;
const FAILED_IN_A_ROW = `${FAILURES_TO_LEAVE_OUT} operations failed in a row`;
const LONGEST_RETRY_MS = 30_000;
// When operations have failed that the check does not fail of, a key manager that was taken back is thought to fail in part for
// this long.
const PARTLY_FAILING_MS = 10_000;
// One check may fail for a moment's trouble, and readiness must not flap.
const CHECKS_TO_BE_LOST = 2;
// Spec, "GetHealthStatus": a cached result "MUST not be older than one minute".
const MAX_AGE_MS = 60_000;
// With every session busy a key manager serves, but not everyone; without any success for this long, it serves nobody.
const BUSY_MS = 30_000;
// KMS waits 250 ms for an answer; a check (two operations) that takes this long leaves too little of it.
const SLOW_MS = 100;

/** Encrypts and decrypts with the health key in the background, and keeps what it found. */
export class DeepHealthCheck implements GuardedKeyManager {
  readonly keyManager: KeyManager;
  readonly #options: DeepHealthCheckOptions;
  #succeededAt = -Infinity;
  #checking = false;
  #found: { status: HealthStatus; detail: string | undefined; at: number } | undefined;
  #description: KeyManagerDescription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failuresInARow = 0;
  /** How often operations failed in a row while checks passed. */
  #unseenFailures = 0;
  /** Since operations failed in a row, no check has passed. */
  #awaitsCheck = false;
  #takenBackAt = -Infinity;
  #unavailableInARow = 0;

  constructor(options: DeepHealthCheckOptions) {
    this.#options = options;
    this.keyManager = options.keyManager;
  }

  /** Runs the first check, then one every 10 seconds until stopped; every 2 seconds while the status is not ACTIVE. */
  async start(): Promise<void> {
    await this.check();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  health(): KeyManagerHealth {
    const fresh = this.#freshlyFound();
    const { name } = this.keyManager;
    return { name, healthStatus: fresh?.status ?? 'UNAVAILABLE', description: this.#description };
  }

  isLeftOut(): boolean {
    return this.#awaitsCheck || this.health().healthStatus === 'UNAVAILABLE';
  }

  isLost(): boolean {
    const hasServed = this.#succeededAt > -Infinity;
    return !hasServed || !this.#freshlyFound() || this.#unavailableInARow >= CHECKS_TO_BE_LOST;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
  }

  failed(): void {
    this.#failuresInARow += 1;
    if (this.#failuresInARow !== FAILURES_TO_LEAVE_OUT) return;
    const now = this.#options.clock();
    this.#unseenFailures += 1;
    this.#awaitsCheck = true;
    if (this.#found?.status !== 'UNAVAILABLE') this.#conclude('DEGRADED', FAILED_IN_A_ROW, now);
    // Taken back by a check that does not see what fails, it is left out for longer each time.
    if (this.#unseenFailures === 1) void this.start();
    else this.#schedule(Math.min(RETRY_MS * 2 ** (this.#unseenFailures - 2), LONGEST_RETRY_MS));
  }

  /** Runs one check now, unless one is running. Never throws. */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      await this.#check();
    } finally {
      this.#checking = false;
    }
  }

  async #check(): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock();
    let status: HealthStatus = 'ACTIVE';
    let detail: string | undefined;
    try {
      this.#description = await this.#options.keyManager.describe();
      await this.#options.keyManager.checkHealth();
      this.#succeededAt = clock();
      this.#failuresInARow = 0;
      const took = clock() - startedAt;
      this.#takeBack();
      if (this.#unseenFailures > 0) [status, detail] = ['DEGRADED', `${FAILED_IN_A_ROW}, but not the check`];
      else if (took > SLOW_MS) [status, detail] = ['DEGRADED', `the check took ${Math.round(took)} ms`];
    } catch (error) {
      this.#unseenFailures = 0;
      this.#awaitsCheck = false;
      const busy = clock() - this.#succeededAt <= BUSY_MS;
      [status, detail] = judge(error, busy);
    }
    this.#conclude(status, detail, startedAt);
  }

  #takeBack(): void {
    const now = this.#options.clock();
    if (this.#awaitsCheck) this.#takenBackAt = now;
    else if (now - this.#takenBackAt > PARTLY_FAILING_MS) this.#unseenFailures = 0;
    this.#awaitsCheck = false;
  }

  #freshlyFound() {
    const found = this.#found;
    return found && this.#options.clock() - found.at <= MAX_AGE_MS ? found : undefined;
  }

  #conclude(status: HealthStatus, detail: string | undefined, at: number): void {
    this.#unavailableInARow = status === 'UNAVAILABLE' ? this.#unavailableInARow + 1 : 0;
    const changed = this.#found?.status !== status;
    this.#found = { status, detail, at };
    if (changed) this.#options.onChange(status, detail);
  }

  #schedule(delay = this.#found?.status === 'ACTIVE' ? INTERVAL_MS : RETRY_MS): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), delay).unref();
  }
}

function judge(error: unknown, servedLately: boolean): [HealthStatus, string] {
  if (!(error instanceof XksError)) return ['UNAVAILABLE', redactError(error)];
  const detail = error.detail === undefined ? error.message : `${error.message} (${error.detail})`;
  return [error.errorName === 'ThrottlingException' && servedLately ? 'DEGRADED' : 'UNAVAILABLE', detail];
}

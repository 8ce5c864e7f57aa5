import type { KeyManager, KeyManagerHealth } from '../hsm/keyManager.ts';
import type { HealthStatus } from '../xks/messages/getHealthStatus.ts';
import { CircuitBreaker, FAILURES_TO_OPEN } from './circuitBreaker.ts';
import type { GuardedKeyManager } from './failover.ts';
import { GUARD_DURATIONS, type GuardDurations } from './guardDurations.ts';
import { HealthHistory, type HealthChange } from './healthHistory.ts';
import { HealthProbe } from './healthProbe.ts';

export interface HealthGuardOptions {
  readonly keyManager: KeyManager;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** Called with each change of the status. */
  readonly onChange: (status: HealthStatus, detail: string | undefined) => void;
  readonly durations?: GuardDurations;
}

interface Judgement {
  readonly status: HealthStatus;
  readonly detail?: string;
}

const FAILED_IN_A_ROW = `${FAILURES_TO_OPEN} operations failed in a row`;

/**
 * Guards a key manager with a probe and a circuit breaker, and judges its health by both. README.md of this folder has their
 * states.
 */
export class HealthGuard implements GuardedKeyManager {
  readonly keyManager: KeyManager;
  readonly #onChange: HealthGuardOptions['onChange'];
  readonly #durations: GuardDurations;
  readonly #probe: HealthProbe;
  readonly #breaker: CircuitBreaker;
  readonly #history: HealthHistory;

  constructor({ keyManager, clock, onChange, durations = GUARD_DURATIONS }: HealthGuardOptions) {
    this.keyManager = keyManager;
    this.#onChange = onChange;
    this.#durations = durations;
    this.#history = new HealthHistory(clock);
    this.#probe = new HealthProbe({
      keyManager,
      clock,
      durations,
      onFinding: (finding) => {
        this.#breaker.probed(finding);
        this.#tell();
      },
      pauseMs: () => (this.#judge().status === 'ACTIVE' ? durations.intervalMs : durations.retryMs),
    });
    const probeIn = this.#probe.probeIn.bind(this.#probe);
    this.#breaker = new CircuitBreaker({ clock, durations, probeIn });
  }

  /** Probes now, and then in the background until stopped. Resolves at the end of this probe; never throws. */
  start(): Promise<void> {
    return this.#probe.start();
  }

  stop(): void {
    this.#probe.stop();
  }

  health(): KeyManagerHealth {
    const { description } = this.#probe;
    return { name: this.keyManager.name, healthStatus: this.#judge().status, description };
  }

  changes(): readonly HealthChange[] {
    return this.#history.changes();
  }

  isLeftOut(): boolean {
    return this.#breaker.state.is === 'open' || this.#judge().status === 'UNAVAILABLE';
  }

  isLost(): boolean {
    return this.#probe.isLost;
  }

  succeeded(): void {
    this.#breaker.operationSucceeded();
  }

  failed(): void {
    this.#breaker.operationFailed();
    this.#tell();
  }

  #judge(): Judgement {
    const { finding } = this.#probe;
    const breaker = this.#breaker.state;
    if (finding.is === 'unknown') return { status: 'UNAVAILABLE', detail: 'no health check has finished lately' };
    if (finding.is === 'failed') return { status: 'UNAVAILABLE', detail: finding.detail };
    if (breaker.is === 'open' && breaker.cause === 'operations') return { status: 'DEGRADED', detail: FAILED_IN_A_ROW };
    if (breaker.is === 'on probation') {
      return { status: 'DEGRADED', detail: `${FAILED_IN_A_ROW}, but its health check passes` };
    }
    if (finding.is === 'busy') return { status: 'DEGRADED', detail: finding.detail };
    const tookMs = finding.passedAt - finding.at;
    if (tookMs <= this.#durations.slowMs) return { status: 'ACTIVE' };
    return { status: 'DEGRADED', detail: `its health check took ${Math.round(tookMs)} ms` };
  }

  #tell(): void {
    const { status, detail } = this.#judge();
    if (status === this.#history.last) return;
    this.#history.note(status, detail);
    this.#onChange(status, detail);
  }
}

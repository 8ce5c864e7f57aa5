/** Durations of the guard of a key manager, in milliseconds. README.md of this folder has them in one table. */
export interface GuardDurations {
  /** Pause between probes while the status is ACTIVE. */
  readonly intervalMs: number;
  /** Pause between probes otherwise; also the first pause before a key manager that fails again is taken back. */
  readonly retryMs: number;
  /** Longest pause before a key manager that fails again is taken back. */
  readonly longestRetryMs: number;
  /** Time after which a key manager that was taken back no longer counts as failing in part. */
  readonly probationMs: number;
  /** Age from which a finding no longer counts. */
  readonly maxAgeMs: number;
  /** Time without a passing probe after which a busy key manager counts as failed. */
  readonly busyMs: number;
  /** Duration of a probe that leaves too little of the 250 ms that KMS waits. */
  readonly slowMs: number;
}

export const GUARD_DURATIONS: GuardDurations = {
  intervalMs: 10_000,
  retryMs: 2_000,
  longestRetryMs: 30_000,
  probationMs: 10_000,
  // Spec, "GetHealthStatus": a cached result "MUST not be older than one minute".
  maxAgeMs: 60_000,
  busyMs: 30_000,
  slowMs: 100,
};

import type { BackOffDurations } from '../../timing/backOff.ts';

/** The durations of a worker's life, in milliseconds. README.md of this folder says what each is for. */
export interface WorkerDurations {
  /** For a replacement to start. One that takes longer hangs, and is killed. */
  readonly startMs: number;
  /** Between a worker's status report and the next request for one. */
  readonly statusMs: number;
  /** For the answer to a status request. A worker that takes longer hangs, and is killed. */
  readonly hungMs: number;
  /** After this time, the supervisor checks whether an unconfirmed connection has arrived at the worker at all. */
  readonly confirmMs: number;
  /** For a worker to answer with its metrics or its report. */
  readonly metricsMs: number;
  /** A life is short if it ends within this time. */
  readonly shortLifeMs: number;
  /** Between a short life and the next start. */
  readonly restart: BackOffDurations;
  /** For a worker to end after the time of a drain, before it is killed. */
  readonly endMs: number;
  /** For a worker's remaining output to arrive after its end. */
  readonly lastWordsMs: number;
  /** For the records of the workers' ends to be written after a drain. */
  readonly lastRecordsMs: number;
  /** While the supervisor's log lags, a worker's output is read once in this time. */
  readonly behindMs: number;
}

export const WORKER_DURATIONS: WorkerDurations = {
  // Several libraries may wait for their networks, one after the other, before a worker serves without them.
  startMs: 600_000,
  statusMs: 1_000,
  // KMS waits 250 ms, but a process that is short of CPU may be late without hanging.
  hungMs: 10_000,
  confirmMs: 100,
  // A scraper waits for some seconds.
  metricsMs: 2_000,
  shortLifeMs: 10_000,
  restart: { firstMs: 100, longestMs: 5_000 },
  // For a worker to close its sessions, or to kill itself.
  endMs: 5_000,
  lastWordsMs: 1_000,
  lastRecordsMs: 1_000,
  behindMs: 100,
};

import type { BackOffDurations } from '../../timing/backOff.ts';

/** The durations of a worker's life, in milliseconds. README.md of this folder says what each is for. */
export interface WorkerDurations {
  /** For a replacement to start, after which it hangs and is killed. */
  readonly startMs: number;
  /** Between a worker's answer to the question for its status and the next question. */
  readonly statusMs: number;
  /** For the answer to that question, after which the worker hangs and is killed. */
  readonly hungMs: number;
  /** After this time, the supervisor looks whether a connection that no worker has confirmed has arrived at all. */
  readonly confirmMs: number;
  /** For the answer to the question for a worker's metrics, or for what it says of itself. */
  readonly metricsMs: number;
  /** A life is short if it ends within this time. */
  readonly shortLifeMs: number;
  /** Between a short life and the next start. */
  readonly restart: BackOffDurations;
  /** For a worker to end in beyond the time of a drain, after which it is killed. */
  readonly endMs: number;
  /** For what a worker has written to come in after its end. */
  readonly lastWordsMs: number;
  /** For the records of the workers' ends to be written after a drain. */
  readonly lastRecordsMs: number;
  /** While the supervisor's log is behind, a worker's output is read once in this time. */
  readonly behindMs: number;
}

export const WORKER_DURATIONS: WorkerDurations = {
  // Several libraries may wait for their networks, one after the other, before a worker serves without them.
  startMs: 600_000,
  statusMs: 1_000,
  // KMS waits 250 ms; but a process that is short of CPU may be late without hanging.
  hungMs: 10_000,
  confirmMs: 100,
  // A scraper waits for some seconds.
  metricsMs: 2_000,
  shortLifeMs: 10_000,
  restart: { firstMs: 100, longestMs: 5_000 },
  // To close its sessions, or to kill itself.
  endMs: 5_000,
  lastWordsMs: 1_000,
  lastRecordsMs: 1_000,
  behindMs: 100,
};

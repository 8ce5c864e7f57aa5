import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { AcceptorOptions } from './acceptor.ts';
import type { WorkerOptions } from './supervisedWorker.ts';
import type { WorkerDurations } from './workerDurations.ts';

export interface SupervisorOptions
  extends
    Pick<AcceptorOptions, 'host' | 'port' | 'maxConnections' | 'onRefused'>,
    Pick<WorkerOptions, 'output' | 'program'> {
  readonly log: SupervisorLog;
  readonly records: SupervisorRecords;
  /** WORKER_DURATIONS if left out. */
  readonly durations?: WorkerDurations;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly retainCounts: (snapshots: readonly MetricsSnapshot[]) => Promise<MetricsSnapshot>;
  /** Called for each worker that has ended and is replaced. */
  readonly onRestart: () => void;
}

/** Where the supervisor records the events of its workers. */
export interface SupervisorRecords {
  note(type: 'start' | 'stop' | 'reload' | 'checkpoint', members: object): void;
  /** Why nothing can be recorded now; undefined if records can be written. */
  readonly problem: string | undefined;
  /** Resolves to sentences about what was lost. */
  stop(deadline: number): Promise<readonly string[]>;
}

export interface SupervisorLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

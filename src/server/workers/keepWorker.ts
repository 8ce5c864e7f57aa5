import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff } from '../../timing/backOff.ts';
import { withTimeLimit } from '../../timing/timeLimit.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';
import { SupervisorFailure } from './supervisorFailure.ts';
import type { SupervisorLog } from './supervisorOptions.ts';
import type { WorkerDurations } from './workerDurations.ts';

export interface KeepOptions {
  /** Starts a process that does not serve yet. Throws if the system cannot create one. */
  fork(): Promise<SupervisedWorker>;
  /** Resolves when the worker serves. */
  start(worker: SupervisedWorker): Promise<void>;
  /** Whether any worker serves now. */
  isServed(): boolean;
  /** Called for each worker that has ended and is replaced. */
  onRestart(): void;
  /** Aborted when workers are no longer to be replaced. */
  readonly stop: AbortSignal;
  readonly log: SupervisorLog;
  readonly durations: WorkerDurations;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
}

// After this number of short lives in a row, another attempt is of no use.
const SHORT_LIVES = 6;

/**
 * Keeps one worker running: `running`, if it serves already, and then its successors. Resolves when the last one has ended after
 * a stop. Throws SupervisorFailure if workers end right after their start and no other worker serves.
 */
export async function keepWorker(running: SupervisedWorker | undefined, options: KeepOptions): Promise<void> {
  const { stop, log, durations, clock } = options;
  const pauses = new BackOff(durations.restart);
  const isStopping = () => stop.aborted;
  let shortLives = 0;
  let worker = running;
  while (!isStopping()) {
    const startedAt = clock();
    worker ??= await startAnother(options);
    const end = await worker?.ended;
    if (isStopping()) return;
    shortLives = clock() - startedAt < durations.shortLifeMs ? shortLives + 1 : 0;
    if (worker) {
      log.error({ worker: worker.id, pid: worker.pid, ...end, shortLives }, 'a worker has ended and is replaced');
      options.onRestart();
    }
    worker = undefined;
    // While other workers serve, another attempt may help.
    if (shortLives >= SHORT_LIVES && !options.isServed()) {
      const how = end?.signal ?? `exit code ${end?.exitCode ?? 'unknown'}`;
      throw new SupervisorFailure(`worker processes end right after their start, the last one with ${how}`);
    }
    if (shortLives === 0) pauses.reset();
    // A stop ends the pause early.
    else await sleep(pauses.next(), undefined, { signal: stop }).catch(() => undefined);
  }
}

/**
 * Starts a worker. It resolves when the worker serves or is about to end. Undefined if the system cannot create a process now.
 */
async function startAnother(options: KeepOptions): Promise<SupervisedWorker | undefined> {
  const { stop, log, durations } = options;
  let worker: SupervisedWorker | undefined;
  try {
    worker = await options.fork();
    const serving = options.start(worker);
    await withTimeLimit(serving, durations.startMs, () => {
      if (worker) killHung(worker, durations.startMs, log);
      return serving;
    });
  } catch (error) {
    if (stop.aborted) return worker;
    log.error({ worker: worker?.id, detail: (error as Error).message }, 'a worker did not start');
    worker?.kill();
  }
  return worker;
}

/** Kills a worker that has not answered for `afterMs` milliseconds. */
export function killHung(worker: SupervisedWorker, afterMs: number, log: SupervisorLog): void {
  log.error({ worker: worker.id, pid: worker.pid, afterMs }, 'a worker hangs and is killed');
  worker.kill();
}

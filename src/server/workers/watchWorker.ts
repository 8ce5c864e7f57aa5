import { setTimeout as sleep } from 'node:timers/promises';
import type { Readiness } from '../../keyStores/readiness.ts';
import { CallLate } from '../../messaging/peer.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';
import type { WorkerDurations } from './workerDurations.ts';

/** Asks a worker for its status repeatedly. Resolves when the worker has ended, or has not answered for `hungMs`. */
export async function watchWorker(
  worker: Pick<SupervisedWorker, 'peer'>,
  { statusMs, hungMs }: Pick<WorkerDurations, 'statusMs' | 'hungMs'>,
  onStatus: (status: Readiness) => void,
): Promise<'ended' | 'hangs'> {
  for (;;) {
    try {
      onStatus(await worker.peer.call('status', undefined, { timeoutMs: hungMs }));
    } catch (error) {
      return error instanceof CallLate ? 'hangs' : 'ended';
    }
    await sleep(statusMs);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { SupervisedWorker } from './supervisedWorker.ts';
import type { WorkerStatus } from './workerCalls.ts';

const INTERVAL_MS = 1_000;
// KMS waits 250 ms; but a process that is short of CPU may be late without hanging.
export const HUNG_MS = 10_000;

/** Asks a worker for its status again and again. Resolves when it has ended, or has not answered for HUNG_MS. */
export async function watchWorker(
  worker: SupervisedWorker,
  onStatus: (status: WorkerStatus) => void,
): Promise<'ended' | 'hangs'> {
  for (;;) {
    const answered = new AbortController();
    const answer = worker.calls.call('status', undefined).catch(() => 'ended' as const);
    const late = sleep(HUNG_MS, 'hangs' as const, { signal: answered.signal }).catch(() => 'hangs' as const);
    const outcome = await Promise.race([answer, late]);
    answered.abort();
    if (typeof outcome === 'string') return outcome;
    onStatus(outcome);
    await sleep(INTERVAL_MS);
  }
}

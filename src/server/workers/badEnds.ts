import type { SupervisedWorker } from './supervisedWorker.ts';

/** What to say of workers that have ended with a failure of their own, such as records that were lost. */
export async function badEnds(workers: readonly SupervisedWorker[]): Promise<string[]> {
  const ends = await Promise.all(workers.map(async ({ id, ended }) => ({ id, exitCode: (await ended).exitCode })));
  // Null: a signal has ended it, and nothing that it had answered was lost with it.
  const bad = ends.filter(({ exitCode }) => exitCode !== 0 && exitCode !== null);
  return bad.map(({ id, exitCode }) => `worker ${id} ended with exit code ${String(exitCode)}`);
}

import type { SupervisedWorker } from './supervisedWorker.ts';

/** Returns sentences about workers that have ended with a failure of their own, such as lost records. */
export async function badEnds(workers: readonly SupervisedWorker[]): Promise<string[]> {
  const ends = await Promise.all(workers.map(async ({ id, ended }) => ({ id, exitCode: (await ended).exitCode })));
  // Null: a signal has ended the worker. No request that it had answered is lost.
  const bad = ends.filter(({ exitCode }) => exitCode !== 0 && exitCode !== null);
  return bad.map(({ id, exitCode }) => `worker ${id} ended with exit code ${String(exitCode)}`);
}

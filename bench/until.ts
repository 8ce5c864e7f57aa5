import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Waits for a condition. Throws an error with `what`, which says the condition, if it does not hold within a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`not within ${LIMIT_MS / 1_000} s: ${what}`);
    await sleep(POLL_MS);
  }
}

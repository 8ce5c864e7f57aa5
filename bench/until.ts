import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Waits for a condition. If it does not hold in time, throws an error with its description, `what`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > limitMs) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await sleep(POLL_MS);
  }
}

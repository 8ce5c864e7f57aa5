import { setImmediate } from 'node:timers/promises';

/** Work that pauses after each part of some milliseconds. */
export type Steps<T> = Generator<undefined, T, undefined>;

// Requests have 250 ms.
const TURN_MS = 10;

/** Does all of the work before it returns. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Does the work in turns of some 10 ms, between which the event loop does what is due. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let end = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < end) continue;
    await setImmediate();
    end = performance.now() + TURN_MS;
  }
}

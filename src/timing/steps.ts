import { setImmediate } from 'node:timers/promises';

/** Work that pauses after each part of some milliseconds. */
export type Steps<T> = Generator<undefined, T, undefined>;

// A request has only 250 ms.
const TURN_MS = 10;

/** Does all of the work before returning. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Does the work in turns of about 10 ms. Between turns, the event loop does other work. */
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

import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { atOnce, inTurns, type Steps } from '../../../src/timing/steps.ts';
import { turnsDuring } from '../../support/turnsDuring.ts';

const STEPS = 5;

/** Steps of about 15 ms each. */
function* slowSteps(): Steps<string> {
  for (let step = 0; step < STEPS; step += 1) {
    const end = performance.now() + 15;
    while (performance.now() < end);
    yield;
  }
  return 'done';
}

function* failing(): Steps<never> {
  yield;
  throw new Error('of the second step');
}

it('all steps are done at once', () => {
  expect(atOnce(slowSteps())).toBe('done');
  expect(() => atOnce(failing())).toThrow('of the second step');
});

it('the event loop has a turn after each slow step', async () => {
  const { result, turns } = await turnsDuring(() => inTurns(slowSteps()));
  expect(result).toBe('done');
  expect(turns).toBeGreaterThanOrEqual(STEPS);
  await expect(inTurns(failing())).rejects.toThrow('of the second step');
});

it('many quick steps take few turns', async () => {
  const quick = function* (): Steps<void> {
    for (let step = 0; step < 1_000; step += 1) yield;
  };
  await setImmediate();
  expect((await turnsDuring(() => inTurns(quick()))).turns).toBeLessThan(100);
});

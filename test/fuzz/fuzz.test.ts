import { expect, it } from 'vitest';
import { loadTarget, targetNames } from './allTargets.ts';
import { checkInput } from './checkInput.ts';
import { seedBytes } from './fuzzTarget.ts';

it.each(targetNames)('%s accepts its seeds', async (name) => {
  const target = await loadTarget(name);
  expect(target.seeds.length).toBeGreaterThan(0);
  for (const seed of target.seeds.map(seedBytes)) {
    expect(seed.length).toBeLessThanOrEqual(target.maxBytes);
    checkInput(target, seed);
  }
});

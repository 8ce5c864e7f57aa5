import { expect, it } from 'vitest';
import { loadTarget, targetNames } from './allTargets.ts';
import { checkInput } from './checkInput.ts';
import { fuzzSettings } from './fuzzSettings.ts';
import { seedBytes } from './fuzzTarget.ts';

it.each(targetNames)('%s accepts its seeds', async (name) => {
  const target = await loadTarget(name);
  expect(target.seeds.length).toBeGreaterThan(0);
  for (const seed of target.seeds.map(seedBytes)) {
    expect(seed.length).toBeLessThanOrEqual(target.maxBytes);
    checkInput(target, seed);
  }
});

it('divides a total time among the targets', () => {
  expect(fuzzSettings({})).toEqual({ names: targetNames, seconds: 10 });
  expect(fuzzSettings({ FUZZ_MINUTES: '1', FUZZ: 'messages,path' })).toEqual({
    names: ['messages', 'path'],
    seconds: 30,
  });
  const { seconds } = fuzzSettings({ FUZZ_MINUTES: '60' });
  expect(seconds * targetNames.length).toBeGreaterThanOrEqual(3600);
  expect((seconds - 1) * targetNames.length).toBeLessThan(3600);
});

it.each([
  [{ FUZZ: 'other' }, 'FUZZ: there is no target other'],
  [{ FUZZ_SECONDS: '0' }, 'FUZZ_SECONDS must be a whole number'],
  [{ FUZZ_MINUTES: '1h' }, 'FUZZ_MINUTES must be a whole number'],
  [{ FUZZ_SECONDS: '10', FUZZ_MINUTES: '60' }, 'Give either FUZZ_SECONDS'],
])('refuses %o', (environment, message) => {
  expect(() => fuzzSettings(environment)).toThrow(message);
});

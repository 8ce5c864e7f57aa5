import { expect, it } from 'vitest';
import { UsualTimes } from '../../../src/hsm/pkcs11/serving/usualTimes.ts';

const LONGEST_MS = 200;

function noted(...milliseconds: number[]): UsualTimes {
  const usual = new UsualTimes(LONGEST_MS);
  for (const [now, each] of milliseconds.entries()) usual.note('encrypt', each, now);
  return usual;
}

const times = (count: number, milliseconds: number) => Array.from({ length: count }, () => milliseconds);

it('a kind that is slow from the start is recognised within some operations', () => {
  expect(noted().of('encrypt')).toBe(0);
  expect(noted(...times(8, 120)).of('encrypt')).toBeGreaterThan(100);
});

it('one stall in all sessions has little weight for a known kind', () => {
  expect(noted(...times(20, 5), ...times(8, LONGEST_MS)).of('encrypt')).toBeLessThan(50);
});

it('a change of the usual time is recognised', () => {
  expect(noted(...times(20, 5), ...times(20, 120)).of('encrypt')).toBeGreaterThan(100);
  expect(noted(...times(20, 120), ...times(20, 5)).of('encrypt')).toBeLessThan(10);
});

it('an old average is tested once in a while, and replaced by the measured time', () => {
  const usual = noted(...times(20, 300));
  expect(usual.mayTry('encrypt', 1_000)).toBe(false);
  expect(usual.mayTry('encrypt', 1_019)).toBe(true);
  expect(usual.mayTry('encrypt', 2_018)).toBe(false);
  usual.note('encrypt', 20, 2_018);
  expect(usual.of('encrypt')).toBe(20);
  expect(usual.mayTry('encrypt', 3_017)).toBe(false);
});

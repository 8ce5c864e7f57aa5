import { expect, it } from 'vitest';
import { findGrowth, type MinuteFigures } from '../../../bench/soak/judge.ts';

/** Ten minutes with such figures. */
function minutes(figures: (minute: number) => Partial<MinuteFigures>): MinuteFigures[] {
  const rest = { goodput: 1_000, failed: 0, p99Ms: 5, loopMaxMs: 30, loopP99Ms: 22, gc: 0.01, heapUsed: 40 };
  return Array.from({ length: 10 }, (_, index) => {
    const minute = index + 1;
    return { minute, ...rest, pss: 150, residentMemory: 180, fileDescriptors: 40, ...figures(minute) };
  });
}

it('finds nothing in flat figures, and forgives the first two minutes and noise', () => {
  expect(findGrowth(minutes(() => ({})))).toEqual([]);
  expect(findGrowth(minutes((minute) => ({ pss: minute <= 2 ? 60 * minute : 150 })))).toEqual([]);
  expect(findGrowth(minutes((minute) => ({ pss: 150 + (minute % 2) * 20 })))).toEqual([]);
});

it('finds memory and descriptors that grow', () => {
  expect(findGrowth(minutes((minute) => ({ pss: 150 + 3 * minute + (minute % 2) })))).toEqual([
    expect.stringMatching(/^pss grows by [23]\.\d\d a minute/),
  ]);
  expect(findGrowth(minutes((minute) => ({ fileDescriptors: 40 + minute })))).toEqual([
    'fileDescriptors grows by 1.00 a minute (± 0.00)',
  ]);
});

import { expect, it } from 'vitest';
import { growthOf, type MinuteFigures } from '../../../bench/soak/judge.ts';

/** Ten minutes with these figures. */
function minutes(figures: (minute: number) => Partial<MinuteFigures>): MinuteFigures[] {
  const rest = { goodput: 1_000, failed: 0, p99Ms: 5, loopMaxMs: 30, loopP99Ms: 22, gc: 0.01, heapUsed: 40 };
  return Array.from({ length: 10 }, (_, index) => {
    const minute = index + 1;
    return { minute, ...rest, pss: 150, residentMemory: 180, fileDescriptors: 40, ...figures(minute) };
  });
}

/** Limits of the tolerated growth. */
function growing(figures: (minute: number) => Partial<MinuteFigures>): string[] {
  return growthOf(minutes(figures)).flatMap(({ text, isTolerated }) => (isTolerated ? [] : [text]));
}

it('ignores flat figures, the first two minutes and noise', () => {
  expect(growing(() => ({}))).toEqual([]);
  expect(growing((minute) => ({ pss: minute <= 2 ? 60 * minute : 150 }))).toEqual([]);
  expect(growing((minute) => ({ pss: 150 + (minute % 2) * 20 }))).toEqual([]);
});

it('reports growing memory and descriptors', () => {
  expect(growing((minute) => ({ pss: 150 + 3 * minute + (minute % 2) }))).toEqual([
    expect.stringMatching(/^pss: [23]\.\d\d more each minute/),
  ]);
  expect(growing((minute) => ({ fileDescriptors: 40 + minute }))).toEqual([
    'fileDescriptors: 1.00 more each minute (± 0.00); tolerated: 3.0 more in all',
  ]);
});

it('reports the growth of a tolerated figure', () => {
  expect(growthOf(minutes((minute) => ({ pss: 150 + minute })))[0]).toEqual({
    text: 'pss: 1.00 more each minute (± 0.00); tolerated: 8.0 more in all',
    isTolerated: true,
  });
});

import { expect, it } from 'vitest';
import { fitLine, median, mediansOf, quantile } from '../../../bench/statistics.ts';

it('finds quantiles in any order, and ignores NaN', () => {
  expect(quantile([5, 1, NaN, 3, 2, 4], 0.9)).toBe(5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([])).toBeNaN();
});

it('takes the median of each figure separately', () => {
  const rounds = [
    { rate: 1, cpu: 9 },
    { rate: 2, cpu: 7 },
    { rate: 3, cpu: 8 },
  ];
  expect(mediansOf(rounds)).toEqual({ rate: 2, cpu: 8 });
});

it('fits a line, and gives the uncertainty of its slope', () => {
  expect(fitLine([1, 2, 3, 4].map((x) => [x, 2 * x + 1]))).toEqual({ slope: 2, error: 0 });
  const noisy = fitLine([
    [1, 10],
    [2, 12],
    [3, 9],
    [4, 11],
  ]);
  expect(noisy.slope).toBeCloseTo(0);
  // Residuals of ±0.5 and ±1.5 with 2 degrees of freedom: sqrt(5 / 2 / 5).
  expect(noisy.error).toBeCloseTo(Math.sqrt(0.5));
  expect(
    fitLine([
      [1, 1],
      [2, 2],
    ]).slope,
  ).toBeNaN();
});

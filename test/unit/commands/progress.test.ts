import { expect, it } from 'vitest';
import { Progress } from '../../../src/commands/audit/progress.ts';

function said(interactive: boolean, reports: readonly (readonly [at: number, done: number])[]): string[] {
  const lines: string[] = [];
  let now = 0;
  const cli = {
    interactive,
    err: (text: string) => lines.push(text),
    redraw: (text?: string) => lines.push(text === undefined ? 'removed' : `redrawn: ${text}`),
  };
  const progress = new Progress(cli, () => now);
  for (const [at, done] of reports) {
    now = at;
    progress.report('main', done, 4_000_000, 'records');
  }
  progress.clear();
  return lines;
}

it('writes a line each 10 s if the output is a log', () => {
  const reports = [
    [9_999, 1],
    [10_000, 1_000_000],
    [19_000, 1_500_000],
    [20_000, 2_000_000],
  ] as const;
  expect(said(false, reports)).toEqual([
    'main: 1,000,000 of 4,000,000 records (25 %), 30 s left',
    'main: 2,000,000 of 4,000,000 records (50 %), 20 s left',
  ]);
});

it('redraws one line on a terminal, at most each 200 ms, and removes it at the end', () => {
  const reports = [
    [199, 1],
    [200, 1_000],
    [300, 2_000],
    [600_000, 2_000_000],
  ] as const;
  expect(said(true, reports)).toEqual([
    'main: 1,000 of 4,000,000 records (0 %), 14 min left',
    'redrawn: main: 2,000,000 of 4,000,000 records (50 %), 10 min left',
    'removed',
  ]);
});

it('writes nothing about short work', () => {
  expect(said(true, [[100, 4_000_000]])).toEqual([]);
});

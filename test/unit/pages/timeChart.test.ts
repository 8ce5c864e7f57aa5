import { expect, it } from 'vitest';
import { timeChart, type TimeChart } from '../../../src/pages/timeChart.ts';

const HOSTILE = '"><img src=x onerror=alert(1)>';
const CHART: TimeChart = {
  title: 'Requests',
  kind: 'bars',
  series: [
    { name: 'success', look: 'plain', values: [0, 8, undefined, 2] },
    { name: 'failure', look: 'fail', values: [0, 0, 0, 0.001] },
  ],
  binSeconds: 600,
  format: (value) => `${value}/s`,
};

it('stacks bars, with a scale of round numbers', () => {
  const { text } = timeChart(CHART);
  // 10/s is 118 units high, from 138; each of the four bins is 106 wide.
  expect(text).toContain('d="M114 138V43.6H219.4V138Z');
  expect(text).toContain('>10/s</text>');
  expect(text).toContain('M326 138V114.4');
});

it('shows a single failure among many requests', () => {
  expect(timeChart(CHART).text).toMatch(/class="area fail" d="M326 114\.4V113\.4/);
});

it('leaves gaps in a curve where no value is known, and shows a lone value', () => {
  const series = [{ name: 'half', look: 'plain' as const, values: [1, 2, undefined, 4] }];
  expect(timeChart({ ...CHART, kind: 'curves', series }).text).toMatch(/d="M61 \S+L167 \S+M379 \S+h0\.01"/);
});

it('marks a limit only if values come near it', () => {
  const limit = { value: 250, label: 'KMS gives up' };
  expect(timeChart({ ...CHART, limit }).text).not.toContain('KMS gives up');
  const series = [{ name: 'half', look: 'plain' as const, values: [101] }];
  expect(timeChart({ ...CHART, kind: 'curves', series, limit }).text).toContain('KMS gives up');
});

it('marks times with enough room for their labels', () => {
  const { text } = timeChart({
    ...CHART,
    series: [{ name: 'an hour', look: 'plain', values: new Array<number>(6).fill(1) }],
  });
  expect(text.match(/\d+ min ago|now/g)).toEqual(['now', '20 min ago', '40 min ago', '60 min ago']);
});

it('has a text alternative with its contents', () => {
  expect(timeChart(CHART).text).toContain(
    'aria-label="Requests in the last 40 minutes. success: 2/s, at most 8/s. failure: 0.001/s, at most 0.001/s"',
  );
});

it('escapes names, and needs no inline style', () => {
  const series = [{ name: HOSTILE, look: 'plain' as const, values: [1] }];
  const { text } = timeChart({ ...CHART, title: HOSTILE, note: HOSTILE, series, format: () => HOSTILE });
  expect(text).not.toContain('<img');
  expect(text).not.toContain('style=');
});

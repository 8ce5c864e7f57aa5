import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { parseTime } from '../../../src/commands/audit/parseTime.ts';

it.each([
  ['2026-11-26', '2026-11-26T00:00:00.000Z'],
  ['2026-11-26T19:00Z', '2026-11-26T19:00:00.000Z'],
  ['2026-11-26T19:00:01+01:30', '2026-11-26T17:30:01.000Z'],
  ['2026-11-26T19:00:01.123456Z', '2026-11-26T19:00:01.123Z'],
])('reads %s', (text, time) => {
  expect(parseTime(text).toISOString()).toBe(time);
});

it.each(['', 'now', '2026-11-26T19:00', '2026-02-30', '2026-13-01', '2026-11-26T25:00Z', '26.11.2026', '2026-11'])(
  'refuses %j',
  (text) => {
    expect(() => parseTime(text)).toThrow(InvalidArgumentError);
  },
);

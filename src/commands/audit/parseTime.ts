import { InvalidArgumentError } from 'commander';

/** Parses a date, which begins in UTC, or a time with its offset: ISO 8601, as profiled by RFC 3339. */
export function parseTime(text: string): Date {
  const [, day = '', time = ''] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const parsed = new Date(`${day}${time || 'T00:00:00Z'}`);
  // JavaScript treats 2026-02-30 as a day in March.
  const exists = new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(-2));
  if (exists && !Number.isNaN(parsed.getTime())) return parsed;
  throw new InvalidArgumentError('Give a date, or a time with Z or an offset, such as 2026-11-26T19:00:00Z.');
}

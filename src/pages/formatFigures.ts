/** `0.85 ms`, `12.3 ms`, `251 ms`: three digits. */
export function formatMs(milliseconds: number): string {
  const decimals = milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0;
  return `${milliseconds.toFixed(decimals)} ms`;
}

/** A share of 0 to 1 as `0 %`, `0.5 %`, `12 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** `1,234,567`, `12.3`, `0.25`: whole from 100 on. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

const UNITS = [
  ['day', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `5 s`, `3 min`, `7 h`, `2 days`: rounded down. */
export function formatDuration(seconds: number): string {
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    // `1 day` is so coarse that 36 hours are better.
    if (count >= (unit === 'day' ? 2 : 1)) return `${count} ${unit === 'day' ? 'days' : unit}`;
  }
  return `${Math.max(0, Math.floor(seconds))} s`;
}

/** Megabytes as `123 MiB`. */
export function formatMib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

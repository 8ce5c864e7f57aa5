import { KMS_TIMEOUT_MS } from '../xksClient/latencies.ts';
import { formatMs, formatShare } from '../pages/formatFigures.ts';
import { html, type Html } from '../pages/html.ts';

/** Latencies of the requests of one operation. */
export interface Latencies {
  readonly operation: string;
  /** One entry for each request. */
  readonly samplesMs: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Number of latencies between two bounds. The bounds are logarithmic, with ten bins in each decade. */
export interface Bin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

const MIN_EXPONENT = -1;
const MAX_EXPONENT = 4;
const BINS_PER_DECADE = 10;

const WIDTH = 440;
const HEIGHT = 170;
const LEFT = 8;
const RIGHT = 8;
const TOP = 24;
const BOTTOM = 24;

/** Counts latencies in bins from 0.1 ms to 10 s. The outermost bins include those beyond. */
export function binLatencies(samplesMs: readonly number[]): Bin[] {
  const bins = (MAX_EXPONENT - MIN_EXPONENT) * BINS_PER_DECADE;
  const counts = new Array<number>(bins).fill(0);
  for (const sample of samplesMs) {
    const index = Math.floor((Math.log10(sample) - MIN_EXPONENT) * BINS_PER_DECADE);
    const inRange = Math.min(Math.max(index, 0), bins - 1);
    counts[inRange] = (counts[inRange] ?? 0) + 1;
  }
  return counts.map((count, index) => ({ fromMs: boundMs(index), toMs: boundMs(index + 1), count }));
}

/** Draws an SVG with one bar for each bin, and marks the 250 ms of KMS. `maxCount` is the largest count in any of the charts. */
export function latencyHistogram({ operation, samplesMs, p50Ms, p99Ms }: Latencies, maxCount: number): Html {
  const bars = binLatencies(samplesMs).filter(({ count }) => count > 0);
  const base = HEIGHT - BOTTOM;
  const limit = xOf(KMS_TIMEOUT_MS);
  return html`<svg
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="Latency of ${operation}: half within ${formatMs(p50Ms)}, 99 % within ${formatMs(p99Ms)}"
  >
    <rect class="over" x="${limit}" y="${TOP}" width="${WIDTH - RIGHT - limit}" height="${base - TOP}" />
    ${[0.1, 1, 10, 100, 1_000, 10_000].map(
      (ms) =>
        html`<line class="grid" x1="${xOf(ms)}" x2="${xOf(ms)}" y1="${TOP}" y2="${base}" />
          <text x="${xOf(ms)}" y="${HEIGHT - 8}" text-anchor="${anchorOf(ms)}">${formatTick(ms)}</text>`,
    )}
    ${bars.map((bin) => bar(bin, maxCount, samplesMs.length))}
    <line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}" />
    <line class="limit" x1="${limit}" x2="${limit}" y1="${TOP - 8}" y2="${base}" />
    <text class="limit-label" x="${limit + 5}" y="${TOP - 9}">KMS gives up: 250 ms</text>
  </svg>`;
}

function bar({ fromMs, toMs, count }: Bin, maxCount: number, total: number): Html {
  const base = HEIGHT - BOTTOM;
  // At least 1.5 units high, because a single slow request must be visible.
  const height = Math.max((count / maxCount) * (base - TOP), 1.5);
  const kind = fromMs >= KMS_TIMEOUT_MS ? 'bar slow' : 'bar';
  const width = round(xOf(toMs) - xOf(fromMs) - 1);
  const label = `${formatMs(fromMs)} to ${formatMs(toMs)}: ${count} requests, ${formatShare(count / total)}`;
  return html`<rect
    class="${kind}"
    x="${xOf(fromMs)}"
    y="${round(base - height)}"
    width="${width}"
    height="${round(height)}"
  >
    <title>${label}</title>
  </rect>`;
}

function boundMs(index: number): number {
  return 10 ** (MIN_EXPONENT + index / BINS_PER_DECADE);
}

function xOf(ms: number): number {
  const share = (Math.log10(ms) - MIN_EXPONENT) / (MAX_EXPONENT - MIN_EXPONENT);
  return round(LEFT + share * (WIDTH - LEFT - RIGHT));
}

function anchorOf(ms: number): string {
  if (ms === 0.1) return 'start';
  return ms === 10_000 ? 'end' : 'middle';
}

function formatTick(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

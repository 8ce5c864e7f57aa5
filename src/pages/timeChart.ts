import { html, type Html } from './html.ts';

/** Looks of a series. Each has its own colour, and a word beside it in the legend. */
export type Look = 'plain' | 'pass' | 'fail' | 'warn' | 'quiet';

export interface Series {
  readonly name: string;
  readonly look: Look;
  /** One value for each bin, newest last. Undefined if the value is unknown. */
  readonly values: readonly (number | undefined)[];
  /** The figure of the legend; if left out, the newest value. */
  readonly figure?: string;
}

export interface TimeChart {
  readonly title: string;
  /** A note in muted letters beside the title. */
  readonly note?: string | undefined;
  /** `bars` are stacked. */
  readonly kind: 'bars' | 'curves';
  readonly series: readonly Series[];
  readonly binSeconds: number;
  readonly format: (value: number) => string;
  /** Values with a line and a label; the greatest is the height of the graph. If left out, they fit the values. */
  readonly ticks?: readonly number[];
  /** Marked with a line if the values come near it. */
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
}

const WIDTH = 440;
const HEIGHT = 160;
const LEFT = 8;
const RIGHT = 8;
const TOP = 20;
const BOTTOM = 22;
const BASE = HEIGHT - BOTTOM;
// Share of the limit from which values count as near.
const LIMIT_FROM = 0.4;
// The number that fits the width of a phone.
const MOST_MARKS = 4;
const MARK_SECONDS = 600;

/** A card with a graph over the last minutes, its legend, and a text alternative with the newest figures. */
export function timeChart(chart: TimeChart): Html {
  const { title, note, series, format } = chart;
  return html`<div class="card chart">
    <h3>${title} <span class="muted">${note ?? ''}</span></h3>
    <p class="figures">
      ${series.map((one) => {
        const { name, look, figure = newestOf(one, format) } = one;
        return html`<span><span class="key ${look}"></span>${name} <b>${figure}</b></span> `;
      })}
    </p>
    ${graph(chart)}
  </div>`;
}

function newestOf({ values }: Series, format: TimeChart['format']): string {
  // The last bin may have just begun.
  const newest = values.at(-1) ?? values.at(-2);
  return newest === undefined ? '–' : format(newest);
}

function graph({ title, kind, series, binSeconds, format, ticks, limit }: TimeChart): Html {
  const bins = Math.max(...series.map(({ values }) => values.length));
  const largest = kind === 'bars' ? sumsOf(series, bins) : series.flatMap(({ values }) => [...values]);
  const highest = Math.max(...largest.map((value) => value ?? 0));
  const marked = limit && highest >= limit.value * LIMIT_FROM ? limit : undefined;
  const top = ticks ? Math.max(...ticks) : niceAbove(Math.max(highest, marked?.value ?? 0));
  const scale: Scale = {
    x: (bin) => round(LEFT + (bin / bins) * (WIDTH - LEFT - RIGHT)),
    y: (value) => round(BASE - (value / top) * (BASE - TOP)),
  };
  const minutes = (bins * binSeconds) / 60;
  return html`<svg
    class="time"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="${describe(title, series, format, minutes)}"
  >
    ${(ticks ?? [top / 2, top]).map((value) => {
      const y = scale.y(value);
      return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" />
        <text x="${LEFT}" y="${y - 4}">${format(value)}</text>`;
    })}
    ${kind === 'bars' ? bars(series, scale) : series.map((one) => curve(one, scale))}
    <line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${BASE}" y2="${BASE}" />
    ${marked ? limitLine(marked, scale) : ''} ${timeMarks(bins, binSeconds, scale)}
  </svg>`;
}

interface Scale {
  readonly x: (bin: number) => number;
  readonly y: (value: number) => number;
}

function bars(series: readonly Series[], { x, y }: Scale): Html[] {
  const below: number[] = [];
  return series.map(({ look, values }) => {
    const path = values.map((value = 0, bin) => {
      const from = below[bin] ?? 0;
      below[bin] = from + value;
      if (value === 0) return '';
      // At least one unit high, because even a single failure must be visible.
      const [low, high] = [y(from), Math.min(y(from + value), y(from) - 1)];
      return `M${x(bin)} ${low}V${high}H${round(x(bin + 1) - 0.6)}V${low}Z`;
    });
    return html`<path class="area ${look}" d="${path.join('')}" />`;
  });
}

function curve({ look, values }: Series, { x, y }: Scale): Html {
  const path = values.map((value, bin) => {
    if (value === undefined) return '';
    const place = `${x(bin + 0.5)} ${y(value)}`;
    // A single value is drawn as a dot, because the ends of the line are round.
    return values[bin - 1] === undefined ? `M${place}h0.01` : `L${place}`;
  });
  return html`<path class="curve ${look}" d="${path.join('')}" />`;
}

function limitLine({ value, label }: { readonly value: number; readonly label: string }, { y }: Scale): Html {
  return html`<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" />
    <text class="limit-label" x="${WIDTH - RIGHT}" y="${y(value) - 4}" text-anchor="end">${label}</text>`;
}

function timeMarks(bins: number, binSeconds: number, { x }: Scale): Html[] {
  const seconds = bins * binSeconds;
  const every = MARK_SECONDS * Math.ceil(seconds / MARK_SECONDS / (MOST_MARKS - 1));
  const marks = Math.floor(seconds / every);
  return Array.from({ length: marks + 1 }, (_, mark) => {
    const at = x(bins - (mark * every) / binSeconds);
    const text = mark === 0 ? 'now' : `${(mark * every) / 60} min ago`;
    const anchor = mark === 0 ? 'end' : mark === marks ? 'start' : 'middle';
    return html`<text x="${at}" y="${HEIGHT - 6}" text-anchor="${anchor}">${text}</text>`;
  });
}

function describe(
  title: string,
  series: readonly Series[],
  format: (value: number) => string,
  minutes: number,
): string {
  const parts = series.map(({ name, values, figure }) => {
    if (figure !== undefined) return `${name}: ${figure}`;
    const known = values.filter((value) => value !== undefined);
    const newest = known.at(-1);
    return newest === undefined ? `${name}: none` : `${name}: ${format(newest)}, at most ${format(Math.max(...known))}`;
  });
  return `${title} in the last ${minutes} minutes. ${parts.join('. ')}`;
}

function sumsOf(series: readonly Series[], bins: number): number[] {
  return Array.from({ length: bins }, (_, bin) => series.reduce((sum, { values }) => sum + (values[bin] ?? 0), 0));
}

/** Returns the next of 1, 2, 5, 10, 20 and so on; 1 for zero. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

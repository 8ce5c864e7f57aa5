import { html, type Html } from '../../src/report/html.ts';

export interface Bar {
  readonly label: string;
  /** NaN draws no bar. */
  readonly value: number;
  readonly text: string;
}

const [WIDTH, LABELS, VALUES, ROW] = [900, 330, 70, 22];

/** An SVG of horizontal bars on one scale from 0. */
export function barChart(title: string, bars: readonly Bar[]): Html {
  const longest = Math.max(...bars.map(({ value }) => (Number.isFinite(value) ? value : 0)), Number.MIN_VALUE);
  const height = bars.length * ROW;
  return html`<div class="card chart">
    <h3>${title}</h3>
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
      ${bars.map(({ label, value, text }, index) => {
        const width = Number.isFinite(value) ? Math.round((value / longest) * (WIDTH - LABELS - VALUES)) : 0;
        const base = index * ROW + 15;
        return html`<text x="${LABELS - 8}" y="${base}" text-anchor="end">${label}</text>
          <rect class="bar" x="${LABELS}" y="${index * ROW + 4}" width="${width}" height="${ROW - 8}" />
          <text x="${LABELS + width + 6}" y="${base}">${text}</text>`;
      })}
    </svg>
  </div>`;
}

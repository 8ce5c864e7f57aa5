import { html, type Html } from '../pages/html.ts';
import { binLatencies, latencyHistogram, type Latencies } from './latencyHistogram.ts';

export interface LatencyChart extends Latencies {
  /** Text that says how many requests the chart shows. */
  readonly note: string;
  /** Named figures, such as `p99` and `12.3 ms`. */
  readonly figures: readonly (readonly [name: string, value: string])[];
}

/** Draws one chart for each operation, all on one scale. */
export function latencyCharts(charts: readonly LatencyChart[]): Html {
  const maxCount = Math.max(...charts.flatMap(({ samplesMs }) => binLatencies(samplesMs).map(({ count }) => count)));
  return html`<div class="charts">
    ${charts.map(
      (chart) =>
        html`<div class="card chart">
          <h3>${chart.operation} <span class="muted">${chart.note}</span></h3>
          <p class="figures">${chart.figures.map(([name, value]) => html`<span>${name} <b>${value}</b></span>`)}</p>
          ${latencyHistogram(chart, maxCount)}
        </div>`,
    )}
  </div>`;
}

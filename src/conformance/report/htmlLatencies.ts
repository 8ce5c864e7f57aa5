import { formatMs, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { latencyCharts } from '../../report/latencyCharts.ts';
import type { OperationTiming } from '../timing.ts';

/** Draws a chart for each operation. Empty if nothing was timed. */
export function htmlLatencies(timings: readonly OperationTiming[]): Html {
  if (timings.length === 0) return html``;
  const charts = timings.map((timing) => {
    const { samplesMs, failures, p50Ms, p99Ms, maxMs, overLimit } = timing;
    const figures: [string, string][] = [
      ['p50', formatMs(p50Ms)],
      ['p99', formatMs(p99Ms)],
      ['max', formatMs(maxMs)],
      ['over 250 ms', formatShare(overLimit)],
    ];
    return { ...timing, note: `${samplesMs.length} requests${failures > 0 ? `, ${failures} failed` : ''}`, figures };
  });
  return html`<section>
    <h2>Latency</h2>
    <p class="muted">
      Sequential requests on one warm connection, as measured by this client. The charts count requests by duration, on
      a logarithmic scale.
    </p>
    ${latencyCharts(charts)}
  </section>`;
}

import type { OperationTiming } from '../timing.ts';
import { formatMs, formatShare } from './formatFigures.ts';
import { html, type Html } from './html.ts';
import { binLatencies, latencyHistogram } from './latencyHistogram.ts';

/** A chart an operation, all of one scale; nothing if nothing was timed. */
export function htmlLatencies(timings: readonly OperationTiming[]): Html {
  if (timings.length === 0) return html``;
  const maxCount = Math.max(...timings.flatMap(({ samplesMs }) => binLatencies(samplesMs).map(({ count }) => count)));
  return html`<section>
    <h2>Latency</h2>
    <p class="muted">
      Sequential requests on one warm connection, as this client saw them. How many took how long, on a logarithmic
      scale of time.
    </p>
    <div class="charts">${timings.map((timing) => chart(timing, maxCount))}</div>
  </section>`;
}

function chart(timing: OperationTiming, maxCount: number): Html {
  const { operation, samplesMs, failures, p50Ms, p99Ms, maxMs, overLimit } = timing;
  const requests = `${samplesMs.length} requests${failures > 0 ? `, ${failures} failed` : ''}`;
  const figures: [string, string][] = [
    ['p50', formatMs(p50Ms)],
    ['p99', formatMs(p99Ms)],
    ['max', formatMs(maxMs)],
    ['over 250 ms', formatShare(overLimit)],
  ];
  return html`<div class="card chart">
    <h3>${operation} <span class="muted">${requests}</span></h3>
    <p class="figures">${figures.map(([name, value]) => html`<span>${name} <b>${value}</b></span>`)}</p>
    ${latencyHistogram(timing, maxCount)}
  </div>`;
}

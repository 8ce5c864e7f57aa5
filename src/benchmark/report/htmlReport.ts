import { formatMs } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { latencyCharts } from '../../report/latencyCharts.ts';
import { formatDate, reportPage } from '../../report/reportPage.ts';
import type { BenchmarkReport, RatedRun } from '../runBenchmark.ts';
import { conclusion, lateShare } from './textReport.ts';

/** Formats the report as one self-contained HTML page. */
export function htmlReport(report: BenchmarkReport): string {
  const { target, operations, connections, seconds, startedAt, highestRate, runs } = report;
  const verdictCard = html`<section class="card verdict ${highestRate === undefined ? 'fail' : 'pass'}">
    <h2>${conclusion(report)}</h2>
    <p>By default, KMS sends a key store up to 1,800 requests a second. It gives up on an answer after 250 ms.</p>
  </section>`;
  return reportPage({
    kind: 'XKS proxy benchmark',
    target,
    facts: [
      ['Load', `${operations.join(', ')} in turn on ${connections} connections, ${seconds} s for each rate`],
      ['Run', formatDate(startedAt)],
    ],
    sections: [verdictCard, ...runs.map(section)],
    footer: html`Each request is sent when it is due, even if earlier ones have no answer yet. Its time runs from then
    to the answer, so waiting for a free connection counts. A rate holds when 99.9 % of its requests have a good answer
    within 250 ms.`,
  });
}

function section(run: RatedRun): Html {
  const failures = Object.entries(run.failures).map(([failure, count]) => html`<li>${count} failed: ${failure}</li>`);
  const charts = run.operations.map((result) => {
    const { samplesMs, p50Ms, p99Ms, p999Ms, maxMs } = result;
    const figures = Object.entries({ p50: p50Ms, p99: p99Ms, 'p99.9': p999Ms, max: maxMs });
    return {
      ...result,
      note: `${samplesMs.length} answers`,
      figures: figures.map(([name, ms]): [string, string] => [name, formatMs(ms)]),
    };
  });
  return html`<section>
    <h2>${run.rate} a second <span class="outcome ${run.holds ? 'pass' : 'fail'}">${outcome(run)}</span></h2>
    <p class="muted">
      ${run.sent} requests, ${run.goodput.toFixed(0)} good answers a second, late or failed: ${lateShare(run)}. The
      generator took ${(run.generatorCpu * 100).toFixed(0)} % of a core.
    </p>
    ${
      failures.length > 0
        ? html`<ul>
            ${failures}
          </ul>`
        : []
    }
    ${latencyCharts(charts)}
  </section>`;
}

function outcome({ holds, limit }: RatedRun): string {
  return holds ? 'holds' : `does not hold: the ${limit ?? 'proxy'} is the limit`;
}

import { formatMs } from '../../conformance/report/formatFigures.ts';
import { html, Html } from '../../conformance/report/html.ts';
import { binLatencies, latencyHistogram } from '../../conformance/report/latencyHistogram.ts';
import { REPORT_STYLE } from '../../conformance/report/reportStyle.ts';
import type { OperationResult } from '../load.ts';
import type { BenchmarkReport, RatedRun } from '../runBenchmark.ts';
import { conclusion, lateShare, verdict } from './textReport.ts';

/** The report as one page that needs nothing else: to be read in a browser and forwarded. */
export function htmlReport(report: BenchmarkReport): string {
  const { target, operations, connections, seconds, startedAt, highestRate, runs } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>XKS proxy benchmark: ${target.endpoint}</title>
        <style>
          ${new Html(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <p class="kicker">XKS proxy benchmark</p>
            <h1>${target.endpoint}</h1>
            <dl class="facts">
              <dt>Key store</dt>
              <dd><code>${target.uriPath}</code></dd>
              <dt>Key</dt>
              <dd><code>${target.keyId}</code></dd>
              <dt>Load</dt>
              <dd>${operations.join(', ')} in turn on ${connections} connections, ${seconds} s for each rate</dd>
              <dt>Run</dt>
              <dd>${startedAt.slice(0, 16).replace('T', ' ')} UTC</dd>
            </dl>
          </header>
          <section class="card verdict ${highestRate === undefined ? 'fail' : 'pass'}">
            <h2>${conclusion(report)}</h2>
            <p>KMS makes 1,800 requests a second by default, and gives up on an answer after 250 ms.</p>
          </section>
          ${runs.map(section)}
          <footer>
            <p>
              Requests are sent when they are due, whatever has become of those before, and a time is from then to the
              answer: waiting for a free connection counts. A rate holds when 99.9 % of its requests are answered well
              within 250 ms.
            </p>
          </footer>
        </main>
      </body>
    </html>`;
  return page.text;
}

function section(run: RatedRun): Html {
  const counts = run.operations.flatMap(({ samplesMs }) => binLatencies(samplesMs).map(({ count }) => count));
  const failures = Object.entries(run.failures).map(([failure, count]) => html`<li>${count} failed: ${failure}</li>`);
  return html`<section>
    <h2>${run.rate} a second <span class="outcome ${run.holds ? 'pass' : 'fail'}">holds: ${verdict(run)}</span></h2>
    <p class="muted">
      ${run.sent} requests, ${run.goodput.toFixed(0)} answered well in a second, late or failed: ${lateShare(run)}. The
      generator took ${(run.generatorCpu * 100).toFixed(0)} % of a core.
    </p>
    <ul class="failures">
      ${failures}
    </ul>
    <div class="charts">${run.operations.map((result) => chart(result, Math.max(...counts)))}</div>
  </section>`;
}

function chart(result: OperationResult, maxCount: number): Html {
  const { operation, samplesMs, p50Ms, p99Ms, p999Ms, maxMs } = result;
  const figures = Object.entries({ p50: p50Ms, p99: p99Ms, 'p99.9': p999Ms, max: maxMs });
  return html`<div class="card chart">
    <h3>${operation} <span class="muted">${samplesMs.length} answers</span></h3>
    <p class="figures">${figures.map(([name, ms]) => html`<span>${name} <b>${formatMs(ms)}</b></span>`)}</p>
    ${latencyHistogram(result, maxCount)}
  </div>`;
}

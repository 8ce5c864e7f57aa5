import type { Level, Outcome } from '../conformanceCase.ts';
import { conforms, countResults, type ConformanceReport, type SectionReport } from './conformanceReport.ts';
import { html, Html } from './html.ts';
import { htmlCase } from './htmlCase.ts';
import { htmlLatencies } from './htmlLatencies.ts';
import { REPORT_STYLE } from './reportStyle.ts';

const OUTCOMES: readonly (readonly [Outcome, string])[] = [
  ['pass', 'pass'],
  ['fail', 'fail'],
  ['skipped', 'not run'],
];

/** The report as one page that needs nothing else: to be read in a browser and forwarded. */
export function htmlReport(report: ConformanceReport): string {
  const { target, sections } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>XKS proxy conformance: ${target.endpoint}</title>
        <style>
          ${new Html(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <p class="kicker">XKS proxy conformance</p>
            <h1>${target.endpoint}</h1>
            <dl class="facts">
              <dt>Key store</dt>
              <dd><code>${target.uriPath}</code></dd>
              <dt>Key</dt>
              <dd><code>${target.keyId}</code></dd>
              <dt>Region</dt>
              <dd>${target.region}</dd>
              <dt>Run</dt>
              <dd>${formatDate(report.startedAt)}, in ${(report.durationMs / 1_000).toFixed(1)} s</dd>
            </dl>
          </header>
          ${[verdict(report), failures(report), htmlLatencies(report.timings), ...sections.map(sectionCases)]}
          <footer>
            <p>
              Held against the AWS KMS External Key Store Proxy API Specification 1.0.3. MUST: the specification demands
              it. SHOULD: the specification recommends it, or it is good practice where the specification is silent.
              Cases that were not run say what they would need.
            </p>
          </footer>
        </main>
      </body>
    </html>`;
  return page.text;
}

function verdict(report: ConformanceReport): Html {
  const failed = countResults(report, 'MUST', 'fail');
  const tried = failed + countResults(report, 'MUST', 'pass');
  const good = conforms(report);
  const headline = good ? `All ${tried} MUST cases that were run pass` : `${failed} of ${tried} MUST cases fail`;
  return html`<section class="card verdict ${good ? 'pass' : 'fail'}">
    <h2>${headline}</h2>
    <p>${report.stopped ?? ''}</p>
    <div class="totals">${(['MUST', 'SHOULD'] as const).map((level) => totals(report, level))}</div>
  </section>`;
}

function totals(report: ConformanceReport, level: Level): Html {
  const counts = OUTCOMES.map(([outcome, label]) => ({ outcome, label, count: countResults(report, level, outcome) }));
  return html`<div>
    <h3>${level}</h3>
    <div class="stack">
      ${counts.map(({ outcome, count }) => html`<span class="${outcome}" style="flex: ${count}"></span>`)}
    </div>
    <div class="counts">
      ${counts.map(({ outcome, label, count }) => {
        const colour = count > 0 ? outcome : '';
        return html`<span class="${colour}"><b>${count}</b> ${label}</span>`;
      })}
    </div>
  </div>`;
}

function failures({ sections }: ConformanceReport): Html {
  const failed = sections.flatMap(({ results }) => results.filter(({ outcome }) => outcome === 'fail'));
  if (failed.length === 0) return html``;
  const ordered = failed.toSorted((a, b) => a.level.localeCompare(b.level));
  return html`<section>
    <h2>What fails</h2>
    <ul class="card failures">
      ${ordered.map(
        ({ id, level, title, expected, got }) =>
          html`<li>
            <span class="level">${level}</span><a href="#${id}">${title}</a>
            <p class="muted">Expected ${expected}</p>
            <code>${got}</code>
          </li>`,
      )}
    </ul>
  </section>`;
}

function sectionCases({ title, source, results }: SectionReport): Html {
  const counts = OUTCOMES.map(([outcome, label]) => ({
    outcome,
    label,
    count: results.filter((result) => result.outcome === outcome).length,
  })).filter(({ count }) => count > 0);
  return html`<section>
    <h2>
      ${title}
      ${counts.map(({ outcome, label, count }) => html`<span class="outcome ${outcome}">${count} ${label}</span>`)}
    </h2>
    <p class="muted">${source}</p>
    <div class="card cases">${results.map(htmlCase)}</div>
  </section>`;
}

function formatDate(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

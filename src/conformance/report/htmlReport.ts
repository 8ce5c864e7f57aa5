import { countCases, type Finding } from '../causes.ts';
import type { Level, Outcome } from '../conformanceCase.ts';
import { conforms, countResults, type ConformanceReport, type SectionReport } from './conformanceReport.ts';
import { html, type Html } from '../../pages/html.ts';
import { formatDate, reportPage } from '../../report/reportPage.ts';
import { htmlCase } from './htmlCase.ts';
import { htmlLatencies } from './htmlLatencies.ts';

const OUTCOMES: readonly (readonly [Outcome, string])[] = [
  ['pass', 'pass'],
  ['fail', 'fail'],
  ['blocked', 'not run'],
  ['skipped', 'skipped'],
];

/** Formats the report as one self-contained HTML page. */
export function htmlReport(report: ConformanceReport): string {
  const { target, sections } = report;
  return reportPage({
    kind: 'XKS proxy conformance',
    target,
    facts: [
      ['Region', target.region],
      ['Run', `${formatDate(report.startedAt)}, in ${(report.durationMs / 1_000).toFixed(1)} s`],
    ],
    sections: [failures(report), verdict(report), htmlLatencies(report.timings), ...sections.map(sectionCases)],
    footer: html`Tested against the AWS KMS External Key Store Proxy API Specification 1.0.3. MUST: the specification
    demands it. SHOULD: the specification recommends it, or it is good practice where the specification is silent. A
    skipped case says what it needs. A case that was not run depends on a request that the proxy refuses.`,
  });
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

function failures({ causes, refused }: ConformanceReport): Html {
  return html`${
    refused
      ? html`<section>
          <h2>The basic round trip is refused</h2>
          <p>The answer to ${refused.operation} is <code>${refused.got}</code></p>
          <p>${refused.advice}</p>
        </section>`
      : ''
  }${
    causes.length > 0
      ? html`<section>
          <h2>Causes of failures, the worst first</h2>
          <ul class="card failures">
            ${causes.map(failure)}
          </ul>
        </section>`
      : ''
  }`;
}

function failure(cause: Finding): Html {
  const { text, consequence, cases, must } = cause;
  return html`<li>
    <span class="level">${must ? 'MUST' : 'SHOULD'}</span>${text}, ${countCases(cause)}
    <p>${consequence}</p>
    <p class="muted">${cases.map((id) => html`<a href="#${id}">${id}</a> `)}</p>
  </li>`;
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

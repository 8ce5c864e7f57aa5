import { html, Html } from '../pages/html.ts';
import { pageFrame } from '../pages/pageFrame.ts';
import { REPORT_STYLE } from './reportStyle.ts';

export interface ReportPage {
  /** Kind of the report, such as `XKS proxy conformance`. */
  readonly kind: string;
  /** XKS proxy that the report is about. A title instead, if it is about several. */
  readonly target: { readonly endpoint: string; readonly uriPath: string; readonly keyId: string } | string;
  /** Further facts below the heading. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Html[];
  /** How to read the report. */
  readonly footer: Html;
}

/** Formats a report as one self-contained HTML page. */
export function reportPage({ kind, target, facts, sections, footer }: ReportPage): string {
  const title = typeof target === 'string' ? target : target.endpoint;
  return pageFrame({
    title: `${kind}: ${title}`,
    head: html`<style>
      ${new Html(REPORT_STYLE)}
    </style>`,
    body: html`<body>
      <main>
        <header>
          <p class="kicker">${kind}</p>
          <h1>${title}</h1>
          <dl class="facts">
            ${
              typeof target === 'string'
                ? []
                : html`<dt>Key store</dt>
                    <dd><code>${target.uriPath}</code></dd>
                    <dt>Key</dt>
                    <dd><code>${target.keyId}</code></dd>`
            }
            ${facts.map(
              ([name, value]) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd>`,
            )}
          </dl>
        </header>
        ${sections}
        <footer><p>${footer}</p></footer>
      </main>
    </body>`,
  });
}

/** Formats a time like `2026-01-02 03:04 UTC`. */
export function formatDate(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

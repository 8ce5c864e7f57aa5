import type { CaseResult } from '../conformanceCase.ts';
import { formatMs } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';

const OUTCOMES = { pass: 'Pass', fail: 'Fail', blocked: 'Not run', skipped: 'Skipped' } as const;
const MAX_EXCHANGES = 6;

/** Formats a case as a line that opens and shows the expected and actual results and the requests. It is open if the case failed. */
export function htmlCase(result: CaseResult): Html {
  const { id, level, title, outcome, expected, got, exchanges, durationMs } = result;
  const shown = exchanges.slice(-MAX_EXCHANGES);
  const left = exchanges.length - shown.length;
  return html`<details id="${id}" ${outcome === 'fail' ? 'open' : ''}>
    <summary>
      <span class="outcome ${outcome}">${OUTCOMES[outcome]}</span>
      <span class="level">${level}</span>
      <span>${title}</span>
      <span class="time">${exchanges.length > 0 ? formatMs(durationMs) : ''}</span>
    </summary>
    <div class="body">
      <dl class="facts">
        <dt>Case</dt>
        <dd><code>${id}</code></dd>
        <dt>Expected</dt>
        <dd>${expected}</dd>
        <dt>${outcome === 'skipped' || outcome === 'blocked' ? 'Why' : 'Got'}</dt>
        <dd>${got}</dd>
        ${
          left > 0
            ? html`<dt>Requests</dt>
                <dd>${exchanges.length}, the last of them:</dd>`
            : ''
        }
        ${shown.map(
          ({ sent, got: answer }) =>
            html`<dt>Sent</dt>
              <dd><code>${sent}</code></dd>
              <dt>Answer</dt>
              <dd><code>${answer}</code></dd>`,
        )}
      </dl>
    </div>
  </details>`;
}

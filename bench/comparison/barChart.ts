import { html, type Html } from '../../src/pages/html.ts';

export interface Bar {
  readonly label: string;
  /** NaN draws no bar. */
  readonly value: number;
  readonly text: string;
}

/** Draws a table of horizontal bars on one scale from 0. */
export function barChart(title: string, bars: readonly Bar[]): Html {
  const longest = Math.max(...bars.map(({ value }) => (Number.isFinite(value) ? value : 0)), Number.MIN_VALUE);
  return html`<div class="card chart">
    <h3>${title}</h3>
    <table class="bars">
      ${bars.map(({ label, value, text }) => {
        const percent = Number.isFinite(value) ? Math.round((value / longest) * 100) : 0;
        return html`<tr>
          <th scope="row">${label}</th>
          <td><span style="width: ${percent}%"></span></td>
          <td>${text}</td>
        </tr>`;
      })}
    </table>
  </div>`;
}

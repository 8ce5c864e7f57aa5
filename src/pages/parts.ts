import { formatMs, formatNumber } from './formatFigures.ts';
import { html, type Html } from './html.ts';

// A tag with the longest key and value has 385.
const MOST_CHARACTERS = 400;

export type Level = 'pass' | 'warn' | 'fail';

/** A word with an underline in its colour. */
export function outcome(level: Level, word: string): Html {
  return html`<span class="outcome ${level}">${word}</span>`;
}

/** `2026-01-02 03:04:05 UTC` */
export function timeOf(unixSeconds: number): Html {
  const iso = new Date(unixSeconds * 1000).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** Named figures in a row. */
export function figures(named: readonly (readonly [name: string, value: string])[]): Html {
  return html`<p class="figures">${named.map(([name, value]) => html`<span>${name} <b>${value}</b></span> `)}</p>`;
}

export interface Table {
  /** Name of the table for screen readers. */
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly (Html | string)[])[];
  /** What each row is about, in an open page too: it stays with it when rows come and go. */
  readonly keys?: readonly string[];
  /** Number of rows shown; the others are only counted. */
  readonly most?: number;
}

/** A table in a card; on a narrow screen each row is a list of named values. */
export function table({ caption, columns, rows, keys = [], most = Infinity }: Table): Html {
  const [, ...names] = columns;
  // The roles are lost where the style sheet makes blocks of rows and cells.
  return html`<div class="card">
    <table class="table" role="table" aria-label="${caption}">
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map((column) => html`<th scope="col" role="columnheader">${column}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.slice(0, most).map(
          ([first = '', ...others], row) =>
            html`<tr role="row" ${keyed(keys[row])}>
              <th scope="row" role="rowheader">${first}</th>
              ${others.map((cell, index) => html`<td role="cell" data-name="${names[index] ?? ''}">${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
    ${rows.length > most ? html`<p class="muted pad">${andMore(rows.length - most)}</p>` : ''}
  </div>`;
}

/** A list of at most `most` items, and the number of the others. */
export function list(items: readonly Html[], most = Infinity): Html {
  return html`<ul class="list">
    ${items.slice(0, most).map((item) => html`<li>${item}</li>`)}
    ${items.length > most ? html`<li class="muted">${andMore(items.length - most)}</li>` : ''}
  </ul>`;
}

function andMore(count: number): string {
  return `and ${formatNumber(count)} more`;
}

/** Marks the element of a subject: when elements come and go, an open page keeps it. */
export function keyed(key: string | undefined): Html {
  return key === undefined ? html`` : html`data-key="${key}"`;
}

/** As many of the texts as there is room for, and the beginning of the first in any case. */
export function joined([first = '', ...others]: readonly string[]): string {
  let text = first.length > MOST_CHARACTERS ? `${first.slice(0, MOST_CHARACTERS)}…` : first;
  for (const [index, other] of others.entries()) {
    if (text.length + other.length > MOST_CHARACTERS) return `${text} ${andMore(others.length - index)}`;
    text += `, ${other}`;
  }
  return text;
}

export function msOf(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '–' : formatMs(milliseconds);
}

/** A list of a value, empty if there is none. */
export function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

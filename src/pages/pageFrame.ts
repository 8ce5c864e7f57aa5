import { html, type Html } from './html.ts';

export interface PageFrame {
  readonly title: string;
  /** Style sheet and script: elements of their own, or links. */
  readonly head: Html;
  readonly body: Html;
}

/** Renders a whole page in the common look. */
export function pageFrame({ title, head, body }: PageFrame): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${head}
      </head>
      ${body}
    </html>`;
  return page.text;
}

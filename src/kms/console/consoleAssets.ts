import ACTIONS_SCRIPT from '../../pages/browser/actions.js?raw';
import LIVE_SCRIPT from '../../pages/browser/live.js?raw';
import { PAGE_STYLE } from '../../pages/pageStyle.ts';
import type { ConsoleFacts } from './consoleFacts.ts';
import { consoleMain, consolePage } from './consolePage.ts';
import { CONSOLE_PATHS } from './consolePaths.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: string;
}

/** Returns the page or one of its files, or undefined if there is none at that path. */
export function assetAt(path: string, facts: ConsoleFacts): Asset | undefined {
  switch (path) {
    case CONSOLE_PATHS.page:
      return { contentType: 'text/html; charset=utf-8', body: consolePage(facts) };
    case CONSOLE_PATHS.style:
      return { contentType: 'text/css; charset=utf-8', body: PAGE_STYLE };
    case CONSOLE_PATHS.script:
      return { contentType: 'text/javascript; charset=utf-8', body: LIVE_SCRIPT };
    case CONSOLE_PATHS.actions:
      return { contentType: 'text/javascript; charset=utf-8', body: ACTIONS_SCRIPT };
    default:
      return undefined;
  }
}

/** Returns the HTML that an event carries to replace the page's main part. */
export function renderMain(facts: ConsoleFacts): string {
  return consoleMain(facts).text;
}

import LIVE_SCRIPT from '../../pages/browser/live.js?raw';
import { PAGE_HEADERS } from '../../pages/pageHeaders.ts';
import { PAGE_STYLE } from '../../pages/pageStyle.ts';
import type { Answer } from '../monitoringListener.ts';
import type { StatusFacts } from './statusFacts.ts';
import { statusMain, statusPage } from './statusPage.ts';
import { STATUS_PATHS } from './statusPaths.ts';

export function renderPage(facts: StatusFacts): Answer {
  return asset('text/html; charset=utf-8', statusPage(facts));
}

/** Renders the content of an event of the page. */
export function renderMain(facts: StatusFacts): string {
  return statusMain(facts).text;
}

/** Returns undefined if there is no such asset. */
export function assetAt(path: string | undefined): Answer | undefined {
  if (path === STATUS_PATHS.style) return asset('text/css; charset=utf-8', PAGE_STYLE);
  if (path === STATUS_PATHS.script) return asset('text/javascript; charset=utf-8', LIVE_SCRIPT);
  return undefined;
}

function asset(contentType: string, body: string): Answer {
  return { status: 200, contentType, body, headers: PAGE_HEADERS };
}

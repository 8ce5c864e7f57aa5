import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../../hosts.ts';
import { isOfOurPage, refusalOf, type Refusal } from '../../pages/admitBrowser.ts';
import { EventStreams } from '../../pages/eventStreams.ts';
import { PAGE_HEADERS } from '../../pages/pageHeaders.ts';
import { Repetition } from '../../timing/repetition.ts';
import type { ConsoleFacts } from './consoleFacts.ts';
import { CONSOLE_PATHS } from './consolePaths.ts';

export interface ConsoleOptions extends Pick<Console, 'caller'> {
  readonly facts: Omit<ConsoleFacts, 'canAct'>;
  /** The host on which the local KMS listens. */
  readonly host: string;
  /** Host names under which browsers may open the console, in addition to localhost and loopback addresses. */
  readonly hosts: readonly string[];
  /** Called when the state cannot be read. */
  readonly onError: (error: unknown) => void;
}

export interface Console {
  /** Access key id of the caller that the console acts as. If undefined, the console is read-only. */
  readonly caller: string | undefined;
  /** Answers a request to /console or a path below it. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Refuses a call that does not come from the console's page. */
  readonly admitCall: (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  stop(): void;
}

const NO_PAGE_OF_OURS: Refusal = [403, "only the console's own page may call operations"];
const NOT_ALLOWED: Refusal = [405, 'method not allowed'];

/** Interval between two events of a stream. */
const EVENT_MS = 1_000;

/** Serves the console to this machine only. The rendering code is loaded on the first request. */
export function startConsole({ facts: shown, host, hosts, caller, onError }: ConsoleOptions): Console {
  const facts = { ...shown, canAct: caller !== undefined };
  const streams = new EventStreams(() => performance.now());
  const updates = new Repetition(
    async () => {
      if (streams.size === 0) return;
      const { renderMain } = await import('./consoleAssets.ts');
      try {
        streams.send(renderMain(facts));
      } catch (error) {
        onError(error);
      }
    },
    () => EVENT_MS,
  );
  const refusal = (request: IncomingMessage): Refusal | undefined =>
    isLoopback(host)
      ? refusalOf(request, hosts, '--console-host adds one')
      : [404, 'the console is available only if --host is a loopback address'];
  return {
    caller,
    admitCall: (request, response, next) => {
      const isOurs = isOfOurPage(request.headers) && request.headers['content-type'] === 'application/json';
      const refused = refusal(request) ?? (isOurs ? undefined : NO_PAGE_OF_OURS);
      if (refused) {
        say(response, ...refused);
        return;
      }
      response.setHeaders(new Map(Object.entries(PAGE_HEADERS)));
      next();
    },
    answer: async (request, response) => {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const refused = refusal(request) ?? (isRead ? undefined : NOT_ALLOWED);
      if (refused) {
        say(response, ...refused);
        return;
      }
      const path = pathOf(request);
      if (path === CONSOLE_PATHS.events) {
        if (streams.open(response)) updates.runIn(0);
        else say(response, 503, 'too many pages are open');
        return;
      }
      const { assetAt } = await import('./consoleAssets.ts');
      const asset = assetAt(path, facts);
      if (asset) send(response, 200, asset.contentType, asset.body);
      else say(response, 404, 'not found');
    },
    stop: () => {
      updates.stop();
      streams.close();
    },
  };
}

/** Returns the path without a trailing slash and without the query, which the console ignores. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\/?(\?.*)?$/s, '');
}

function say(response: ServerResponse, status: number, line: string): void {
  send(response, status, 'text/plain; charset=utf-8', `${line}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  const headers = { ...PAGE_HEADERS, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, status === 405 ? { ...headers, Allow: 'GET, HEAD' } : headers).end(body);
}

import { isIP } from 'node:net';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isLoopback, isSameHost } from '../hosts.ts';

// A name or IPv4 address, or an IPv6 address in brackets; then perhaps a port.
const HOST_HEADER = /^(?:\[(?<address>[0-9a-f:.]+)\]|(?<name>[a-z0-9._-]+))(?::\d{1,5})?$/i;

export type Refusal = readonly [status: number, reason: string];

/** Returns why a request for a page, or a part of it, is refused. Undefined if it is admitted. `howToAdd` says how to add a host. */
export function refusalOf(
  { headers }: IncomingMessage,
  hosts: readonly string[],
  howToAdd: string,
): Refusal | undefined {
  if (!isOurHost(headers.host, hosts)) return [403, `the Host header names no host of this page: ${howToAdd}`];
  return isOfAnotherOrigin(headers) ? [403, 'a page of another origin may not ask for this'] : undefined;
}

/**
 * Whether a Host header names us: localhost, a loopback address, or one of `hosts`. A site that makes its own name resolve to our
 * address (DNS rebinding) sends that name.
 */
export function isOurHost(header: string | undefined, hosts: readonly string[]): boolean {
  const host = hostOf(header);
  return host !== undefined && (isLoopback(host) || hosts.some((ours) => isSameHost(ours, host)));
}

/**
 * Whether a page of another origin makes the request. Following a link on such a page does not count, because that page cannot
 * read the result.
 */
export function isOfAnotherOrigin(headers: IncomingHttpHeaders): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers;
  const isVisit = mode === 'navigate' && destination === 'document';
  return (site === 'cross-site' || site === 'same-site') && !isVisit;
}

/** Whether one of our pages makes the request, which is required for changes. Browsers report it; other programs use the API. */
export function isOfOurPage(headers: IncomingHttpHeaders): boolean {
  const { origin, host, 'sec-fetch-site': site = 'same-origin' } = headers;
  return host !== undefined && origin === `http://${host}` && site === 'same-origin';
}

function hostOf(header: string | undefined): string | undefined {
  const { address, name } = HOST_HEADER.exec(header ?? '')?.groups ?? {};
  return address === undefined ? name : isIP(address) === 6 ? address : undefined;
}

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

// RFC 1123, and the underscore that some container networks use. The last label of a name has a letter.
const HOST_NAME =
  /^(?=.{1,253}\.?$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?=[^.]*[a-z])[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;

/** Whether a text is an IP address or can be the name of a host. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text);
}

/**
 * Returns why the Host headers of a request are refused; undefined if they are not. Node.js itself refuses a request without one.
 * RFC 9112, section 3.2: it uses the first of several, and a proxy in front may use another.
 */
export function hostProblem({ headersDistinct }: Pick<IncomingMessage, 'headersDistinct'>): string | undefined {
  return (headersDistinct['host']?.length ?? 0) > 1 ? 'more than one Host header' : undefined;
}

/** Whether only this machine reaches a listener of this host. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return nameOf(host) === 'localhost';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(withoutZone(host), familyOf(host));
}

/** Whether it stands for all addresses of this machine. */
export function isWildcard(host: string): boolean {
  return isIP(host) !== 0 && (isSameAddress(host, '0.0.0.0') || isSameAddress(host, '::'));
}

/** Whether two hosts are the same name or the same address. */
export function isSameHost(one: string, other: string): boolean {
  if (isIP(one) !== 0 && isIP(other) !== 0) return isSameAddress(one, other);
  return nameOf(one) === nameOf(other);
}

/**
 * Whether listeners on the same port of these hosts may conflict. Different addresses do not, unless one is a wildcard for the
 * other.
 */
export function mayMeet(one: string, other: string): boolean {
  return addressesOf(one).some((a) => addressesOf(other).some((b) => takes(a, b) || takes(b, a)));
}

function addressesOf(host: string): string[] {
  return host.toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : [host];
}

function takes(one: string, other: string): boolean {
  // The addresses of a host name are not known here, so it may stand for any.
  return isIP(one) === 0 || isIP(other) === 0 || isSameAddress(one, other) || isWildcardFor(one, other);
}

/** Whether `host` is a wildcard that covers `other`. `::` covers IPv4 too. */
function isWildcardFor(host: string, other: string): boolean {
  return isSameAddress(host, '::') || (isSameAddress(host, '0.0.0.0') && !(isIP(other) === 6 && !isMapped(other)));
}

function isMapped(host: string): boolean {
  const mapped = new BlockList();
  mapped.addSubnet('0.0.0.0', 0, 'ipv4');
  return mapped.check(withoutZone(host), 'ipv6');
}

function isSameAddress(one: string, other: string): boolean {
  const list = new BlockList();
  list.addAddress(withoutZone(one), familyOf(one));
  return list.check(withoutZone(other), familyOf(other));
}

function familyOf(host: string): 'ipv4' | 'ipv6' {
  return isIP(host) === 4 ? 'ipv4' : 'ipv6';
}

function withoutZone(host: string): string {
  return host.replace(/%.*/, '');
}

// The dot at the end of a name says only that it is complete.
function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

import { InvalidArgumentError } from 'commander';
import { isHost } from '../hosts.ts';
import type { LocalKmsSettings } from '../kms/startLocalKms.ts';

// Parsers of the option values of `kms` and its commands. Each throws InvalidArgumentError, which says what to give.

export type Addresses = LocalKmsSettings['resolve'];

export function addAddress(text: string, addresses: Addresses = new Map()): Addresses {
  const [, name = '', host = '', port = ''] = /^([a-zA-Z0-9.-]+)=(.+):(\d+)$/.exec(text) ?? [];
  if (host === '' || Number(port) === 0 || Number(port) > 65_535) {
    throw new InvalidArgumentError('Give name=host:port, such as xks.example.com=127.0.0.1:8443.');
  }
  return new Map([...addresses, [name.toLowerCase(), { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }]]);
}

export function parseEndpoint(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Give a URL, such as http://127.0.0.1:4599.');
}

export function parseAccessKeyId(text: string): string {
  if (/^[^/\s]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('Give an access key id, such as AKIAIOSFODNN7EXAMPLE.');
}

export function addHost(name: string, names: readonly string[] = []): readonly string[] {
  if (isHost(name)) return [...names, name];
  throw new InvalidArgumentError('Give a name or an address, such as kms.example.com.');
}

export function addFile(file: string, files: readonly string[] = []): readonly string[] {
  return [...files, file];
}

export function parseHost(text: string): string {
  // Node would listen on all addresses of the machine for an empty text.
  if (text !== '') return text;
  throw new InvalidArgumentError('Give a name or an address, such as 127.0.0.1.');
}

export function parsePort(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 0 to 65535.');
}

export function parseRegion(text: string): string {
  if (/^[a-z]{2,}(-[a-z]+)+-\d$/.test(text)) return text;
  throw new InvalidArgumentError('Give a Region, such as us-east-1.');
}

export function parseAccountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('Give 12 digits.');
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Give a number from 0 to 86400.');
}

export function parsePositive(text: string): number {
  if (parseSeconds(text) > 0) return Number(text);
  throw new InvalidArgumentError('Give a number above 0.');
}

export function parseWhole(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 to 999999.');
}

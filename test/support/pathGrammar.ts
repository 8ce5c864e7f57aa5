import type { XksPath } from '../../src/xks/path.ts';

const APIS: ReadonlyMap<string, XksPath['api']> = new Map([
  ['metadata', 'GetKeyMetadata'],
  ['encrypt', 'Encrypt'],
  ['decrypt', 'Decrypt'],
]);

/** The grammar of a path, implemented by splitting instead of a regular expression. */
export function parsePathBySegments(path: string): XksPath | undefined {
  if (path.length > 256 || !path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/');
  const isHealth = segments.at(-1) === 'health' && segments.at(-2) === 'v1';
  const tail = segments.splice(isHealth ? -4 : -6);
  const [kms, xks, v1, ...rest] = tail;
  if (kms !== 'kms' || xks !== 'xks' || v1 !== 'v1') return undefined;
  if (!segments.every((name) => name !== '' && only('-_', name))) return undefined;
  const uriPathPrefix = segments.map((name) => `/${name}`).join('');
  if (isHealth) return { uriPathPrefix, api: 'GetHealthStatus', externalKeyId: undefined };
  const [keys, externalKeyId = '', operation] = rest;
  const api = APIS.get(operation ?? '');
  const isKeyId = externalKeyId.length >= 1 && externalKeyId.length <= 128 && only('-_.', externalKeyId);
  if (keys !== 'keys' || !isKeyId || externalKeyId === '.' || externalKeyId === '..' || !api) return undefined;
  return { uriPathPrefix, api, externalKeyId };
}

function only(others: string, text: string): boolean {
  const allowed = new Set(`ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${others}`);
  return Array.from(text).every((character) => allowed.has(character));
}

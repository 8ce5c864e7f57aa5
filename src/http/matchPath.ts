import { XksError } from '../xks/errors.ts';
import { parsePath } from '../xks/path.ts';
import type { Exchange } from './exchange.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';

/**
 * Finds the key store and the API of the raw request target, before any other part of the request is trusted. Throws
 * InvalidUriPathException for an unknown path. Spec, "API operations".
 */
export function matchPath(
  keyStores: () => ReadonlyMap<string, KeyStore>,
): (exchange: Exchange, req: { readonly originalUrl: string }) => void {
  return (exchange, req) => {
    const path = parsePath(req.originalUrl);
    const keyStore = path && keyStores().get(path.uriPathPrefix);
    if (!path || !keyStore) throw new XksError('InvalidUriPathException', 'There is no such URI path on this proxy.');
    exchange.keyStore = keyStore;
    exchange.api = path.api;
    exchange.externalKeyId = path.externalKeyId;
  };
}

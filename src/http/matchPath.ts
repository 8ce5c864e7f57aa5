import { XksError } from '../xks/errors.ts';
import { parsePath } from '../xks/path.ts';
import type { Exchange } from './exchange.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';

/**
 * Finds the key store and API of the raw request target, before anything of the request is believed.
 * Throws InvalidUriPathException for a path that has no meaning here. Spec, "API operations".
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

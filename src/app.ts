import type { RequestListener } from 'node:http';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { authenticate } from './http/authenticate.ts';
import { exchangeOf, known, toHandler, type Exchange } from './http/exchange.ts';
import { findKey } from './http/findKey.ts';
import { handleError } from './http/handleError.ts';
import type { KeyStore } from './http/keyStore.ts';
import { matchPath, noSuchPath } from './http/matchPath.ts';
import { answer, operate, type KeyOperation } from './http/operate.ts';
import { parseMessage } from './http/parseMessage.ts';
import { readBody } from './http/readBody.ts';
import { recordRequest, type RequestLog } from './http/recordRequest.ts';
import { requirePost } from './http/requirePost.ts';
import { decrypt } from './operations/decrypt.ts';
import { encrypt } from './operations/encrypt.ts';
import { getHealthStatus, type ProxyDescription } from './operations/getHealthStatus.ts';
import { getKeyMetadata } from './operations/getKeyMetadata.ts';
import type { SignatureVerifier } from './sigv4/signatureVerifier.ts';
import { parseDecryptRequest } from './xks/messages/decrypt.ts';
import { parseEncryptRequest } from './xks/messages/encrypt.ts';
import type { JsonObject } from './xks/messages/fields.ts';
import { parseGetHealthStatusRequest } from './xks/messages/getHealthStatus.ts';
import { parseGetKeyMetadataRequest } from './xks/messages/getKeyMetadata.ts';
import type { XksApi } from './xks/path.ts';

export interface AppDependencies {
  /** The key stores in force, by uriPathPrefix; asked for on each request. */
  readonly keyStores: () => ReadonlyMap<string, KeyStore>;
  readonly verifier: SignatureVerifier;
  readonly proxy: ProxyDescription;
  readonly log: RequestLog;
}

/**
 * The whole path of a request. Bytes are authenticated before a field of them is read.
 *
 * Express matches paths loosely, so it does not match any: `matchPath` reads the raw target, and names the API.
 */
export function createApp({ keyStores, verifier, proxy, log }: AppDependencies): RequestListener {
  const record = recordRequest(log);
  const signed = [toHandler(requirePost), readBody(), toHandler(authenticate(verifier))];
  const health = answer((exchange) => getHealthStatus(proxy, known(exchange.keyStore).health()));

  const routes: Readonly<Record<XksApi, RequestHandler>> = {
    GetHealthStatus: inOrder([...signed, toHandler(parseMessage(parseGetHealthStatusRequest)), health]),
    GetKeyMetadata: inOrder([...signed, ...onKey(parseGetKeyMetadataRequest, getKeyMetadata)]),
    Encrypt: inOrder([...signed, ...onKey(parseEncryptRequest, encrypt)]),
    Decrypt: inOrder([...signed, ...onKey(parseDecryptRequest, decrypt)]),
  };

  const app = express();
  app.disable('x-powered-by');
  app.use(record, toHandler(matchPath(keyStores)));
  app.use((req, res, next) => {
    routes[known(exchangeOf(res)?.api)](req, res, next);
  });
  app.use(handleError);
  return (incoming, outgoing) => {
    const [req, res] = [incoming as Request, outgoing as Response];
    // Express itself gives up on a target that it cannot read as a URL; it has then run no step.
    app(req, res, () => {
      record(req, res, () => undefined);
      handleError(noSuchPath(), req, res, () => res.destroy());
    });
  };
}

function onKey<Message extends NonNullable<Exchange['message']>>(
  parse: (body: JsonObject) => Message,
  operation: KeyOperation<Message>,
): RequestHandler[] {
  return [toHandler(parseMessage(parse)), toHandler(findKey), operate(operation)];
}

function inOrder(steps: RequestHandler[]): RequestHandler {
  return Router().use(...steps);
}

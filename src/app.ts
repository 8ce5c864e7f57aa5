import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Request, type Response } from 'express';
import type { KeyManagerHealth } from './hsm/keyManager.ts';
import { authenticate } from './http/authenticate.ts';
import { authorize } from './http/authorize.ts';
import { exchangeOf, known, type Client, type Step } from './http/exchange.ts';
import { findKey } from './http/findKey.ts';
import { handleError } from './http/handleError.ts';
import type { KeyStore } from './http/keyStore.ts';
import { limitRate } from './http/limitRate.ts';
import { matchPath, noSuchPath } from './http/matchPath.ts';
import { answer, operate } from './http/operate.ts';
import { parseMessage } from './http/parseMessage.ts';
import { readBody } from './http/readBody.ts';
import { recordRequest, type RequestLog, type RequestObserver } from './http/recordRequest.ts';
import { requirePost } from './http/requirePost.ts';
import { decrypt } from './operations/decrypt.ts';
import { encrypt } from './operations/encrypt.ts';
import { getHealthStatus, type ProxyDescription } from './operations/getHealthStatus.ts';
import { getKeyMetadata } from './operations/getKeyMetadata.ts';
import type { SignatureVerifier } from './sigv4/signatureVerifier.ts';
import { decryptRequest } from './xks/messages/decrypt.ts';
import { encryptRequest } from './xks/messages/encrypt.ts';
import { getHealthStatusRequest } from './xks/messages/getHealthStatus.ts';
import { getKeyMetadataRequest } from './xks/messages/getKeyMetadata.ts';
import type { XksApi } from './xks/path.ts';

export interface AppDependencies {
  /** The key stores in force, by uriPathPrefix; asked for on each request. */
  readonly keyStores: () => ReadonlyMap<string, KeyStore>;
  readonly verifier: SignatureVerifier;
  readonly proxy: ProxyDescription;
  readonly log: RequestLog;
  /** Of the connection that a request came on. */
  readonly clientOf: (req: IncomingMessage) => Client;
  /** Left out: nobody counts the requests. */
  readonly observe?: RequestObserver | undefined;
}

/**
 * The whole path of a request. Bytes are authenticated before a field of them is read.
 *
 * Express matches paths loosely, so it does not match any: `matchPath` reads the raw target, and names the API.
 */
export function createApp({ keyStores, verifier, proxy, log, clientOf, observe }: AppDependencies): RequestListener {
  const signed = [requirePost, readBody, authenticate(verifier)];
  const limited = [...signed, limitRate];
  const routes: Readonly<Record<XksApi, readonly Step[]>> = {
    GetHealthStatus: [
      ...signed,
      parseMessage(getHealthStatusRequest),
      answer((exchange) => getHealthStatus(proxy, healthsOf(known(exchange.keyStore)))),
    ],
    GetKeyMetadata: [...limited, parseMessage(getKeyMetadataRequest), findKey, authorize, operate(getKeyMetadata)],
    Encrypt: [...limited, parseMessage(encryptRequest), findKey, authorize, operate(encrypt)],
    Decrypt: [...limited, parseMessage(decryptRequest), findKey, authorize, operate(decrypt)],
  };
  const route = matchPath(keyStores);

  const record = recordRequest(log, clientOf, observe);
  const app = express();
  app.disable('x-powered-by');
  app.use(record);
  app.use(async (req, res) => {
    const exchange = known(exchangeOf(res));
    await route(exchange, req, res);
    for (const step of routes[known(exchange.api)]) await step(exchange, req, res);
  });
  app.use(handleError);
  return (incoming, outgoing) => {
    const [req, res] = [incoming as Request, outgoing as Response];
    // Express itself gives up on a target that it cannot read as a URL; it has then run nothing.
    app(req, res, () => {
      record(req, res, () => undefined);
      handleError(noSuchPath(), req, res, () => undefined);
    });
  };
}

function healthsOf({ keyManagers }: KeyStore): KeyManagerHealth[] {
  return keyManagers.map((keyManager) => keyManager.health());
}

import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Request, type Response } from 'express';
import type { BlockList } from './blocks/blockList.ts';
import type { KeyManagerHealth } from './hsm/keyManager.ts';
import { authenticate } from './http/authenticate.ts';
import { authorize } from './http/authorize.ts';
import { known, type Client } from './http/exchange.ts';
import { findKey } from './http/findKey.ts';
import { handleError } from './http/handleError.ts';
import type { KeyStore } from './keyStores/keyStore.ts';
import { limitRate } from './http/limitRate.ts';
import { matchPath } from './http/matchPath.ts';
import { answer, operate } from './http/operate.ts';
import { OpenExchanges } from './http/openExchanges.ts';
import { parseMessage } from './http/parseMessage.ts';
import { readBody } from './http/readBody.ts';
import { refuseBlocked } from './http/refuseBlocked.ts';
import { requirePost } from './http/requirePost.ts';
import { follow, type Routes } from './http/routes.ts';
import { respondWith, type AbortLog, type RequestObserver, type RequestTrail } from './http/respond.ts';
import { decrypt } from './operations/decrypt.ts';
import { encrypt } from './operations/encrypt.ts';
import { newestVersion, versionOf, type ExternalKey } from './operations/externalKey.ts';
import { getHealthStatus, type ProxyDescription } from './operations/getHealthStatus.ts';
import { getKeyMetadata } from './operations/getKeyMetadata.ts';
import { redactError } from './redactError.ts';
import type { SignatureVerifier } from './sigv4/signatureVerifier.ts';
import { decryptRequest, type DecryptRequest } from './xks/messages/decrypt.ts';
import { encryptRequest, type EncryptRequest } from './xks/messages/encrypt.ts';
import { getHealthStatusRequest, type GetHealthStatusRequest } from './xks/messages/getHealthStatus.ts';
import { getKeyMetadataRequest, type GetKeyMetadataRequest } from './xks/messages/getKeyMetadata.ts';
import type { XksApi } from './xks/path.ts';

export interface AppDependencies {
  /** Returns the key stores in force, by uriPathPrefix. Called for each request. */
  readonly keyStores: () => ReadonlyMap<string, KeyStore>;
  /** Returns the block list in force. Called for each request. */
  readonly blockList: () => BlockList;
  readonly verifier: SignatureVerifier;
  readonly proxy: ProxyDescription;
  /** Takes the record of each request before its answer leaves. */
  readonly trail: RequestTrail;
  readonly log: AbortLog;
  /** Returns why requests cannot be recorded now, or undefined. If there is a reason, every health check fails. */
  readonly recordingProblem: () => string | undefined;
  /** Requests that have arrived and not ended. */
  readonly exchanges: OpenExchanges;
  /** Returns the client of the connection that a request came on. */
  readonly clientOf: (req: IncomingMessage) => Client;
  /** If left out, requests are not counted. */
  readonly observe?: RequestObserver | undefined;
}

/** The type of a request's message, by API. A route whose parser or operation takes another message does not compile. */
export interface Messages extends Record<XksApi, object> {
  readonly GetHealthStatus: GetHealthStatusRequest;
  readonly GetKeyMetadata: GetKeyMetadataRequest;
  readonly Encrypt: EncryptRequest;
  readonly Decrypt: DecryptRequest;
}

/**
 * Handles a request from arrival to answer. Its bytes are authenticated before a field of them is read.
 *
 * Express matches paths loosely, so it is not used to match any. Instead, `matchPath` reads the raw target and finds the API.
 */
export function createApp(dependencies: AppDependencies): RequestListener {
  const { keyStores, blockList, verifier, proxy, trail, log, recordingProblem, exchanges, clientOf, observe } =
    dependencies;
  const signed = [requirePost, readBody, authenticate(verifier)];
  const limited = [...signed, limitRate(blockList)];
  // Checked again as the last step: a request that was in the HSM when a block took effect must not succeed after the first
  // refusal.
  const unblocked = refuseBlocked(blockList);
  const routes: Routes<Messages> = {
    GetHealthStatus: [
      ...signed,
      parseMessage(getHealthStatusRequest),
      unblocked,
      answer((exchange) => getHealthStatus(proxy, healthsOf(known(exchange.keyStore)), recordingProblem())),
    ],
    GetKeyMetadata: [
      ...limited,
      parseMessage(getKeyMetadataRequest),
      unblocked,
      findKey,
      authorize,
      operate(getKeyMetadata, newestVersion),
      unblocked,
    ],
    Encrypt: [
      ...limited,
      parseMessage(encryptRequest),
      unblocked,
      findKey,
      authorize,
      operate(encrypt, newestVersion),
      unblocked,
    ],
    Decrypt: [
      ...limited,
      parseMessage(decryptRequest),
      unblocked,
      findKey,
      authorize,
      operate(decrypt, versionThatEncrypted),
      unblocked,
    ],
  };
  const match = matchPath(keyStores);

  const respond = respondWith(trail, log, observe);
  const fail = handleError(respond);
  const serve = async (req: Request, res: Response): Promise<void> => {
    const exchange = exchanges.begin(clientOf(req));
    try {
      match(exchange, req);
      await follow(routes, known(exchange.api), exchange, req);
      respond(exchange, res, known(exchange.answer));
    } catch (error) {
      fail(error, exchange, req, res);
    }
  };
  const app = express();
  app.disable('x-powered-by');
  // An error thrown by `fail` itself would end the process.
  const begin = (req: Request, res: Response): void => {
    serve(req, res).catch((error: unknown) => {
      log.warn({ detail: redactError(error) }, 'a request could not be answered');
      res.destroy();
    });
  };
  app.use(begin);
  return (incoming, outgoing) => {
    const [req, res] = [incoming as Request, outgoing as Response];
    // Express itself gives up on a target that it cannot parse as a URL. No step has run in that case.
    app(req, res, () => {
      begin(req, res);
    });
  };
}

function versionThatEncrypted(key: ExternalKey, { ciphertextMetadata }: DecryptRequest) {
  return versionOf(key, ciphertextMetadata);
}

function healthsOf({ keyManagers }: KeyStore): KeyManagerHealth[] {
  return keyManagers.map((keyManager) => keyManager.health());
}

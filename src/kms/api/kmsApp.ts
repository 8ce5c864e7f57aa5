import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import { redactError } from '../../redactError.ts';
import type { Console } from '../console/startConsole.ts';
import { consoleCalls } from '../console/consoleCalls.ts';
import { answerCall, signedCalls, type ApiDependencies } from './answerCall.ts';
import { assignRequestId, requestIdOf } from './requestId.ts';

export interface KmsAppDependencies extends ApiDependencies {
  /** Returns the metrics in Prometheus's text format. */
  readonly metrics: () => Promise<string>;
  readonly console: Pick<Console, 'answer' | 'admitCall' | 'caller'>;
}

const NOT_FOUND = 'not found\n';

/** Creates the request handler. POST / is the API; GET /, GET /console and GET /metrics are for people and monitoring. */
export function createKmsApp({ metrics, console, ...api }: KmsAppDependencies): RequestListener {
  const { identity } = api.kms;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.post('/', answerCall(api, signedCalls(api)));
  const { caller } = console;
  if (caller !== undefined) {
    app.post('/console/call/:operation', console.admitCall, answerCall(api, consoleCalls(api, caller)));
  }
  app.get('/', (req, res) => {
    const use = `aws kms list-keys --region ${identity.region} --endpoint-url http://${req.headers.host ?? 'localhost'}`;
    res.type('text/plain').send(`The local KMS of xks-proxy, account ${identity.accountId}. Try: ${use}\n`);
  });
  app.get('/metrics', async (_req, res) => {
    res.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8').send(await metrics());
  });
  app.all(/^\/console(\/|$)/, (req, res) => console.answer(req, res));
  app.use((_req, res) => {
    res.status(404).type('text/plain').send(NOT_FOUND);
  });
  const fail: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    // The path has invalid percent-encoding, such as /console/call/%.
    if (error instanceof URIError) {
      res.status(404).type('text/plain').send(NOT_FOUND);
      return;
    }
    api.log.error({ requestID: requestIdOf(res), detail: redactError(error) }, 'failed');
    res.status(500).type('text/plain').send('failed\n');
  };
  app.use(fail);
  return (req: IncomingMessage, res: ServerResponse) => {
    assignRequestId(res);
    // Express itself gives up on a target that it cannot parse as a URL. No handler has run in that case.
    app(req as Request, res as Response, () => {
      res.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': NOT_FOUND.length }).end(NOT_FOUND);
    });
  };
}

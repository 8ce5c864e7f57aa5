import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { XksError } from '../xks/errors.ts';
import { exchangeOf } from './exchange.ts';
import { MAX_BODY_BYTES } from './readBody.ts';
import { MethodNotAllowed } from './requirePost.ts';
import { sendJson } from './sendJson.ts';

/** The one place where a failure becomes an answer. What is not an XksError becomes a bare InternalException. */
export const handleError: ErrorRequestHandler = (error: unknown, req, res, _next) => {
  const exchange = exchangeOf(res);
  if (exchange) exchange.failure = error;
  if (res.headersSent || res.destroyed) {
    // The client has gone, or would take a second answer for its next one.
    res.destroy();
    return;
  }
  // Node reads what is left of the body and drops it, so that another request can follow: not worth it for a long one.
  if (!req.complete && !hasShortBody(req)) res.setHeader('Connection', 'close');
  if (error instanceof MethodNotAllowed) {
    res.writeHead(405, { Allow: 'POST', 'Content-Length': 0 }).end();
    return;
  }
  const answer = error instanceof XksError ? error : new XksError('InternalException', 'The proxy failed.');
  sendJson(res, answer.status, answer.toBody());
};

// A chunked body may have any length.
function hasShortBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) <= MAX_BODY_BYTES;
}

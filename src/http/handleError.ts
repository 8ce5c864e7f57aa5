import type { ErrorRequestHandler } from 'express';
import { XksError } from '../xks/errors.ts';
import { exchangeOf } from './exchange.ts';
import { MethodNotAllowed } from './requirePost.ts';
import { sendJson } from './sendJson.ts';

/** The one place where a failure becomes an answer. What is not an XksError becomes a bare InternalException. */
export const handleError: ErrorRequestHandler = (error: unknown, req, res, next) => {
  const exchange = exchangeOf(res);
  if (exchange) exchange.failure = error;
  if (res.headersSent || res.destroyed) {
    next(error);
    return;
  }
  // A body that was not read to its end cannot be followed by another request.
  if (!req.complete) res.setHeader('Connection', 'close');
  if (error instanceof MethodNotAllowed) {
    res.writeHead(405, { Allow: 'POST', 'Content-Length': 0 }).end();
    return;
  }
  const answer = error instanceof XksError ? error : new XksError('InternalException', 'The proxy failed.');
  sendJson(res, answer.status, answer.toBody());
};

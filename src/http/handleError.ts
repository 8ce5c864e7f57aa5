import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { XksError } from '../xks/errors.ts';
import { errorAnswer, METHOD_NOT_ALLOWED, type Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { MAX_BODY_BYTES } from './readBody.ts';
import { MethodNotAllowed } from './requirePost.ts';

/** The one place where a failure becomes an answer. What is not an XksError becomes a bare InternalException. */
export function handleError(
  respond: (exchange: Exchange, res: Response, answer: Answer) => void,
): (error: unknown, exchange: Exchange, req: IncomingMessage, res: Response) => void {
  return (error, exchange, req, res) => {
    if (exchange.isConcluded) {
      // The client would take a second answer for its next one.
      res.destroy();
      return;
    }
    exchange.failure = error;
    // Node reads what is left of the body and drops it, so that another request can follow: not worth it for a long one.
    if (!req.complete && !hasShortBody(req)) res.setHeader('Connection', 'close');
    respond(exchange, res, answerTo(error));
  };
}

function answerTo(error: unknown): Answer {
  if (error instanceof MethodNotAllowed) return METHOD_NOT_ALLOWED;
  return errorAnswer(error instanceof XksError ? error : new XksError('InternalException', 'The proxy failed.'));
}

// A chunked body may have any length.
function hasShortBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) <= MAX_BODY_BYTES;
}

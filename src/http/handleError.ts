import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { XksError } from '../xks/errors.ts';
import { errorAnswer, METHOD_NOT_ALLOWED, type Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { MAX_BODY_BYTES } from './readBody.ts';
import { MethodNotAllowed } from './requirePost.ts';

/**
 * Converts a failure to an answer. This is the only place that does. An error other than XksError becomes a bare
 * InternalException.
 */
export function handleError(
  respond: (exchange: Exchange, res: Response, answer: Answer) => void,
): (error: unknown, exchange: Exchange, req: IncomingMessage, res: Response) => void {
  return (error, exchange, req, res) => {
    if (exchange.isConcluded) {
      // The client would take a second answer as the answer to its next request.
      res.destroy();
      return;
    }
    exchange.failure = error;
    // Node reads and drops the rest of the body, so that another request can follow. For a long body, closing the connection is
    // cheaper.
    if (!req.complete && !hasShortBody(req)) res.setHeader('Connection', 'close');
    respond(exchange, res, answerTo(error));
  };
}

function answerTo(error: unknown): Answer {
  if (error instanceof MethodNotAllowed) return METHOD_NOT_ALLOWED;
  return errorAnswer(error instanceof XksError ? error : new XksError('InternalException', 'The proxy failed.'));
}

// A chunked body can have any length.
function hasShortBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) <= MAX_BODY_BYTES;
}

import { raw, type Request, type RequestHandler } from 'express';
import { XksError } from '../xks/errors.ts';
import type { Step } from './exchange.ts';

/**
 * Bytes of a request body. The largest sensible one (4,300 bytes of plaintext, 8,192 of AAD, ARNs of 2,048 characters)
 * takes 30 KiB; up to this bound, a value that is too large is told apart from a signature that does not verify.
 */
export const MAX_BODY_BYTES = 128 * 1024;

const read: RequestHandler = raw({ type: () => true, inflate: false, limit: MAX_BODY_BYTES });

/** Reads the bytes as they come, whatever their Content-Type: nothing is decoded or inflated before they are authenticated. */
export const readBody: Step = (_exchange, req, res) =>
  new Promise((resolve, reject) => {
    void read(req, res, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(translate(error));
    });
  });

/** The bytes that readBody has read. */
export function bodyOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

function translate(error: unknown): Error {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
      // Spec, "Error codes": beyond the size that this implementation supports.
      return new XksError('UnsupportedOperationException', `The request body has more than ${MAX_BODY_BYTES} bytes.`);
    case 'encoding.unsupported':
      return new XksError('ValidationException', 'A request body with a Content-Encoding is not accepted.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new XksError('ValidationException', 'The request body ended early.');
    default:
      return error as Error;
  }
}

import { raw, type Request, type RequestHandler, type Response } from 'express';
import { KmsError } from '../kmsError.ts';

/** Bytes of a request body. The largest sensible one, a key policy of 128 KiB with its characters escaped, takes 768 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

const read: RequestHandler = raw({ type: () => true, inflate: false, limit: MAX_BODY_BYTES });

/** The bytes of the body, whatever its type. */
export function readBody(req: Request, res: Response): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    void read(req, res, (error?: unknown) => {
      if (error === undefined) resolve(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0));
      else reject(translate(error));
    });
  });
}

function translate(error: unknown): Error {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
      return new KmsError('RequestEntityTooLargeException', `The request body has more than ${MAX_BODY_BYTES} bytes`);
    case 'encoding.unsupported':
      return new KmsError('SerializationException', 'A request body with a Content-Encoding is not accepted');
    case 'request.aborted':
    case 'request.size.invalid':
      return new KmsError('SerializationException', 'The request body ended early');
    default:
      return error as Error;
  }
}

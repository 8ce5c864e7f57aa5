import type { IncomingMessage } from 'node:http';
import { BodyRefused, receiveBody } from '../../receiveBody.ts';
import { KmsError } from '../kmsError.ts';

/** Size limit of a request body. The largest sensible body, a key policy of 128 KiB with all characters escaped, has 768 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Reads the bytes of a request body of any content type. Rejects with KmsError. */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  try {
    return await receiveBody(req, MAX_BODY_BYTES);
  } catch (error) {
    throw error instanceof BodyRefused ? translate(error) : error;
  }
}

function translate({ reason }: BodyRefused): KmsError {
  switch (reason) {
    case 'too large':
      return new KmsError('RequestEntityTooLargeException', `The request body has more than ${MAX_BODY_BYTES} bytes`);
    case 'encoded':
      return new KmsError('SerializationException', 'A request body with a Content-Encoding is not accepted');
    case 'ended early':
      return new KmsError('SerializationException', 'The request body ended early');
  }
}

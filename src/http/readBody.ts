import { BodyRefused, receiveBody } from '../receiveBody.ts';
import { XksError } from '../xks/errors.ts';
import type { Step } from './exchange.ts';

/**
 * Bytes of a request body. The largest sensible one (4,300 bytes of plaintext, 8,192 of AAD, ARNs of 2,048 characters)
 * takes 30 KiB; up to this bound, a value that is too large is told apart from a signature that does not verify.
 */
export const MAX_BODY_BYTES = 128 * 1024;

/** Reads the bytes as they come: nothing is decoded or inflated before they are authenticated. */
export const readBody: Step = async (exchange, req) => {
  try {
    exchange.body = await receiveBody(req, MAX_BODY_BYTES);
  } catch (error) {
    throw error instanceof BodyRefused ? translate(error) : error;
  }
};

function translate({ reason }: BodyRefused): XksError {
  switch (reason) {
    case 'too large':
      // Spec, "Error codes": beyond the size that this implementation supports.
      return new XksError('UnsupportedOperationException', `The request body has more than ${MAX_BODY_BYTES} bytes.`);
    case 'encoded':
      return new XksError('ValidationException', 'A request body with a Content-Encoding is not accepted.');
    case 'ended early':
      return new XksError('ValidationException', 'The request body ended early.');
  }
}

import { BodyRefused, receiveBody } from '../receiveBody.ts';
import { XksError } from '../xks/errors.ts';
import type { Step } from './exchange.ts';

/**
 * Bytes of the longest request body. The largest sensible body (4,300 bytes of plaintext, 8,192 of AAD, ARNs of 2,048 characters)
 * has 30 KiB. Up to this limit, a value that is too large gets an error of its own, and not that of a wrong signature.
 */
export const MAX_BODY_BYTES = 128 * 1024;

/** Reads the bytes as received. They are not decoded or inflated before they are authenticated. */
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
      // Spec, "Error codes": a size that this implementation does not support.
      return new XksError('UnsupportedOperationException', `The request body has more than ${MAX_BODY_BYTES} bytes.`);
    case 'encoded':
      return new XksError('ValidationException', 'A request body with a Content-Encoding is not accepted.');
    case 'ended early':
      return new XksError('ValidationException', 'The request body ended early.');
  }
}

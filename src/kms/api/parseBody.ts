import { isUtf8 } from 'node:buffer';
import { KmsError } from '../kmsError.ts';

/** The JSON object of a request's body; throws SerializationException for anything else. */
export function parseBody(body: Buffer): object {
  if (!isUtf8(body)) throw new KmsError('SerializationException', 'The request body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own message quotes the body, which may hold a plaintext: it goes nowhere.
    throw new KmsError('SerializationException', 'The request body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KmsError('SerializationException', 'The request body must be a JSON object');
  }
  return value;
}

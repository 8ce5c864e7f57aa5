import { isUtf8 } from 'node:buffer';
import { KmsError } from '../kmsError.ts';

/** Parses a request's body. Throws SerializationException if the body is not a JSON object. */
export function parseBody(body: Buffer): object {
  if (!isUtf8(body)) throw new KmsError('SerializationException', 'The request body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own message is dropped, because it quotes the body, which may contain a plaintext.
    throw new KmsError('SerializationException', 'The request body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KmsError('SerializationException', 'The request body must be a JSON object');
  }
  return value;
}

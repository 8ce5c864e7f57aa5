import { isUtf8 } from 'node:buffer';
import { XksError } from './errors.ts';
import { isJsonObject, type JsonObject } from './messages/fields.ts';
import { hasRepeatedFields } from './repeatedFields.ts';

/** Parses a request body as a JSON object. Throws ValidationException for anything else. */
export function parseJson(body: Buffer): JsonObject {
  if (!isUtf8(body)) throw new XksError('ValidationException', 'The request body is not UTF-8.');
  const text = body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message is dropped, because it quotes the body, which may hold plaintext.
    throw new XksError('ValidationException', 'The request body is not JSON.');
  }
  if (!isJsonObject(value)) throw new XksError('ValidationException', 'The request body must be a JSON object.');
  // A signature covers both values of a repeated field, and other programs may read the first one.
  if (hasRepeatedFields(text, value)) throw new XksError('ValidationException', 'The request body has a field twice.');
  return value;
}

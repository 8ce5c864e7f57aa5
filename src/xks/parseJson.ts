import { isUtf8 } from 'node:buffer';
import { XksError } from './errors.ts';
import { isJsonObject, type JsonObject } from './messages/fields.ts';

/** The JSON object of a request body; throws ValidationException for anything else. */
export function parseJson(body: Buffer): JsonObject {
  if (!isUtf8(body)) throw new XksError('ValidationException', 'The request body is not UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own message quotes the body, which may hold plaintext: it goes nowhere.
    throw new XksError('ValidationException', 'The request body is not JSON.');
  }
  if (!isJsonObject(value)) throw new XksError('ValidationException', 'The request body must be a JSON object.');
  return value;
}

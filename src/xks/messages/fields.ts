import { decodeBase64 } from '../base64.ts';
import { XksError } from '../errors.ts';

/** JSON object from JSON.parse. Read only its own properties, because the names may be anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the field as a string, or undefined if it is absent. Throws ValidationException for any other type. */
export function optionalString(object: JsonObject, field: string, path = field): string | undefined {
  if (!Object.hasOwn(object, field)) return undefined;
  const value = object[field];
  if (typeof value !== 'string') throw new XksError('ValidationException', `${path} must be a string.`);
  return value;
}

export function requiredString(object: JsonObject, field: string, path = field): string {
  return optionalString(object, field, path) ?? missing(path);
}

/** Decodes a Base64 field. Returns undefined if it is absent. Throws ValidationException if it is not strict Base64. */
export function optionalBytes(object: JsonObject, field: string): Buffer | undefined {
  const text = optionalString(object, field);
  if (text === undefined) return undefined;
  const bytes = decodeBase64(text);
  if (!bytes) throw new XksError('ValidationException', `${field} must be standard Base64 with padding.`);
  return bytes;
}

export function requiredBytes(object: JsonObject, field: string): Buffer {
  return optionalBytes(object, field) ?? missing(field);
}

// Spec, "Error codes": a value above the size that the proxy supports is an UnsupportedOperationException.
export function atMost(maxBytes: number, field: string, bytes: Buffer): Buffer {
  if (bytes.length <= maxBytes) return bytes;
  throw new XksError(
    'UnsupportedOperationException',
    `${field} has ${bytes.length} bytes; this proxy supports at most ${maxBytes}.`,
  );
}

/** Checks a field for which version 1 of the API has only one value. Throws ValidationException for any other. */
export function mustBe(value: string, field: string, given: string): true {
  if (given === value) return true;
  throw new XksError('ValidationException', `${field} must be ${value}.`);
}

export function missing(path: string): never {
  throw new XksError('ValidationException', `${path} is missing.`);
}

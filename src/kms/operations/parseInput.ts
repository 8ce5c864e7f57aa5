import { z } from 'zod';
import { KmsError } from '../kmsError.ts';

/** A blob: Base64 in JSON, decoded to a Buffer of `min` to `max` bytes. */
export function base64Blob(min: number, max: number) {
  return z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length >= min, { params: { atLeast: min } })
    .refine((bytes) => bytes.length <= max, { params: { atMost: max } });
}

/**
 * The input of an operation. Throws ValidationException, in AWS's words, for values that break a constraint, and
 * SerializationException for those of another type. A member that is null is absent.
 */
export function parseInput<Shape extends z.ZodType>(shape: Shape, input: unknown): z.output<Shape> {
  const result = shape.safeParse(dropNulls(input), { reportInput: true });
  if (result.success) return result.data;
  const wrongType = result.error.issues.find(isWrongType);
  if (wrongType)
    throw new KmsError('SerializationException', `The type of ${nameOf(wrongType)} is not the one expected`);
  const problems = result.error.issues.map(describe);
  const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  throw new KmsError('ValidationException', `${count} detected: ${problems.join('; ')}`);
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [name, dropNulls(member)]));
}

type Issue = z.core.$ZodIssue;

function isWrongType(issue: Issue): boolean {
  const notBase64 = issue.code === 'invalid_format' && issue.format === 'base64';
  return notBase64 || (issue.code === 'invalid_type' && issue.input !== undefined);
}

function describe(issue: Issue): string {
  const input = issue.input;
  const isShown = (typeof input === 'string' || typeof input === 'number') && !isSensitive(issue);
  const value = isShown ? `Value '${input}' at` : 'Value at';
  return `${value} '${nameOf(issue)}' failed to satisfy constraint: Member must ${constraintOf(issue)}`;
}

// In the model's sense: a message may end up in a log.
const SENSITIVE = new Set(['AccessKeyId', 'RawSecretAccessKey', 'KeyStorePassword', 'Plaintext']);

function isSensitive({ path }: Issue): boolean {
  return path.some((part) => SENSITIVE.has(String(part)));
}

/** In AWS's messages the names of members begin with a small letter, and the elements of lists are `1.member` and on. */
function nameOf({ path }: Issue): string {
  return path
    .map((part) => (typeof part === 'number' ? `${part + 1}.member` : String(part)))
    .map((part) => part.replace(/^[A-Z]/, (letter) => letter.toLowerCase()))
    .join('.');
}

function constraintOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return 'not be null';
  if (issue.code === 'too_small') return `have ${measureOf(issue)} greater than or equal to ${issue.minimum}`;
  if (issue.code === 'too_big') return `have ${measureOf(issue)} less than or equal to ${issue.maximum}`;
  if (issue.code === 'invalid_value') return `satisfy enum value set: [${issue.values.join(', ')}]`;
  if (issue.code === 'invalid_format') {
    return `satisfy regular expression pattern: ${(issue.pattern ?? '').replaceAll(/^\/|\/$/g, '')}`;
  }
  const { atLeast, atMost } = (issue.code === 'custom' ? issue.params : undefined) ?? {};
  if (atLeast !== undefined) return `have length greater than or equal to ${String(atLeast)}`;
  if (atMost !== undefined) return `have length less than or equal to ${String(atMost)}`;
  return issue.message;
}

function measureOf({ origin }: { readonly origin: string }): string {
  return origin === 'number' || origin === 'int' ? 'value' : 'length';
}

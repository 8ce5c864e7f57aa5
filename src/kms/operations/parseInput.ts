import { z } from 'zod';
import { KmsError } from '../kmsError.ts';
import { plainInput } from './plainInput.ts';

// Limits the message, because a list may have as many invalid elements as fit into a request.
const MAX_DESCRIBED = 10;

/** Returns the schema of a blob: Base64 in JSON, decoded to a Buffer of `min` to `max` bytes. */
export function base64Blob(min: number, max: number) {
  return z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length >= min, { params: { atLeast: min } })
    .refine((bytes) => bytes.length <= max, { params: { atMost: max } });
}

/**
 * Validates the input of an operation. Throws ValidationException, with AWS's text, for values that break a constraint, and
 * SerializationException for values of the wrong type. A member that is null is treated as absent.
 */
export function parseInput<Shape extends z.ZodType>(shape: Shape, input: unknown): z.output<Shape> {
  const result = shape.safeParse(plainInput(input), { reportInput: true });
  if (result.success) return result.data;
  const wrongType = result.error.issues.find(isWrongType);
  if (wrongType)
    throw new KmsError('SerializationException', `The type of ${nameOf(wrongType)} is not the one expected`);
  const { issues } = result.error;
  const count = issues.length === 1 ? '1 validation error' : `${issues.length} validation errors`;
  const problems = issues.slice(0, MAX_DESCRIBED).map(describe);
  throw new KmsError('ValidationException', `${count} detected: ${problems.join('; ')}`);
}

type Issue = z.core.$ZodIssue;

function isWrongType(issue: Issue): boolean {
  if (issue.code === 'invalid_format') return issue.format === 'base64';
  if (issue.code === 'invalid_value') return issue.input !== undefined && typeof issue.input !== 'string';
  return issue.code === 'invalid_type' && issue.input !== undefined;
}

function describe(issue: Issue): string {
  const input = issue.input;
  const isShown = (typeof input === 'string' || typeof input === 'number') && !isSensitive(issue);
  const value = isShown ? `Value '${shortened(String(input))}' at` : 'Value at';
  return `${value} '${nameOf(issue)}' failed to satisfy constraint: Member must ${constraintOf(issue)}`;
}

// Without this limit, the answer to a request of a megabyte could have several megabytes.
const MAX_SHOWN_CHARACTERS = 1_024;

function shortened(text: string): string {
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text;
}

// Members that the service model calls sensitive. A message may be logged, so it must not show them.
const SENSITIVE = new Set(['AccessKeyId', 'RawSecretAccessKey', 'KeyStorePassword', 'Plaintext']);

function isSensitive({ path }: Issue): boolean {
  return path.some((part) => SENSITIVE.has(String(part)));
}

/** Returns the name of a member as in AWS's messages: it begins with a lower-case letter, and the elements of lists count from 1. */
function nameOf({ path }: Issue): string {
  if (path.length === 0) return 'the input';
  return path.map((part) => (typeof part === 'number' ? `${part + 1}.member` : decapitalized(String(part)))).join('.');
}

function decapitalized(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function constraintOf(issue: Issue): string {
  if (issue.input === undefined) return 'not be null';
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

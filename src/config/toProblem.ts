import type { z } from 'zod';
import { isPkcs11Uri } from './pkcs11Uri.ts';
import { formatPath, type KeyPath, type Problem } from './problem.ts';

// How the messages begin that no schema of ours gives.
const ZODS_OWN = 'Invalid input';

/** A schema's issue as a problem, with what was given where that cannot be a secret in the wrong place. */
export function toProblem(issue: z.core.$ZodIssue, written: unknown): Problem {
  const path = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const inSecret = ['pin', 'credentials'].some((key) => issue.path.includes(key));
    const names = inSecret ? '' : `: ${issue.keys.join(', ')}`;
    return { path, message: `has unknown keys${names}` };
  }
  const given = valueAt(written, issue.path);
  const mustBe = issue.code === 'invalid_type' ? `must be a ${nameOf(issue.expected)}` : undefined;
  if (mustBe && given === undefined) return { path, message: `is missing; it ${mustBe}` };
  const message = mustBe && issue.message.startsWith(ZODS_OWN) ? mustBe : issue.message;
  // YAML reads a key with nothing after it as null.
  if (given === null && message === mustBe) return { path, message: `is empty; it ${mustBe}` };
  // Of a file's text, the message begins with the file.
  const isSaid = typeof given === 'string' && message.startsWith(`${given}:`);
  const show = given !== undefined && !isSaid && !isNearSecret(issue.path) && !isPkcs11Uri(given);
  return { path, message: show ? `${message} (given: ${abridge(given)})` : message };
}

// Someone may have written a secret where the reference to it belongs, or a level above.
function isNearSecret(path: KeyPath): boolean {
  const harmless = ['sessions', 'isolation', 'calls', 'iv', 'gcmParameters', 'timeoutMs', 'token'];
  const last = path.at(-1);
  return path.includes('credentials') || (path.includes('pkcs11') && !harmless.includes(String(last)));
}

// YAML's words for zod's types.
function nameOf(expected: string): string {
  return { array: 'list', object: 'map', record: 'map', int: 'whole number' }[expected] ?? expected;
}

function valueAt(written: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    written,
  );
}

function abridge(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}

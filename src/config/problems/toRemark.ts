import type { z } from 'zod';
import { nearestName } from './nearestName.ts';
import { isPkcs11Uri } from '../schema/pkcs11Uri.ts';
import type { KeyPath, Remark } from './problem.ts';
import { keysOfSchema } from '../schema/schemaPath.ts';

// Beginnings of zod's own messages, for which we have our own words.
const ZODS_OWN = /^Invalid (?:input|option)/;

/** Turns the issues of a schema into remarks. They show the given value unless it may be a misplaced secret. */
export function toRemarks({ issues }: z.ZodError, schema: z.core.$ZodType, written: unknown): Remark[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue, schema) : [toRemark(issue, written)],
  );
}

function unknownKeys({ path: keys, keys: given }: z.core.$ZodIssueUnrecognizedKeys, schema: z.core.$ZodType): Remark[] {
  const known = keysOfSchema(schema, keys);
  return given.map((unknownKey) => {
    const near = nearestName(unknownKey, known);
    const name = near === undefined && isNearSecret([...keys, unknownKey]) ? '' : ` ${JSON.stringify(unknownKey)}`;
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    return { keys, unknownKey, message: `has an unknown key${name}${meant}` };
  });
}

function toRemark(issue: z.core.$ZodIssue, written: unknown): Remark {
  const { path: keys } = issue;
  const given = valueAt(written, keys);
  const isType = issue.code === 'invalid_type';
  const mustBe = mustBeOf(issue);
  if (given === undefined && isType) return { keys, message: `is missing; it must be a ${nameOf(issue.expected)}` };
  if (given === undefined && issue.code === 'invalid_value') return { keys, message: `is missing; it ${mustBe}` };
  // YAML reads a key with nothing after it as null.
  if (isType && given === null)
    return { keys, message: `${keys.length === 0 ? 'the file ' : ''}is empty; it ${mustBe}` };
  // A message about a file's text already begins with the given name of the file.
  const isSaid = typeof given === 'string' && mustBe.startsWith(`${given}:`);
  const isHarmless = isType && typeof given === 'object';
  const show = given !== undefined && !isSaid && (isHarmless || !isNearSecret(keys)) && !isPkcs11Uri(given);
  return { keys, message: show ? `${mustBe} (given: ${abridge(given)})` : mustBe };
}

function mustBeOf(issue: z.core.$ZodIssue): string {
  if (!ZODS_OWN.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') return `must be a ${nameOf(issue.expected)}`;
  if (issue.code !== 'invalid_value') return issue.message;
  const values = issue.values.map(String);
  return `must be ${[values.slice(0, -1).join(', '), ...values.slice(-1)].filter((part) => part !== '').join(' or ')}`;
}

const SECRETS = ['keyManagers.pkcs11.pin', 'keyStores.credentials', 'audit.key', 'server.tls.privateKeyFile'];
const HARMLESS = ['sessions', 'isolation', 'calls', 'iv', 'gcmParameters', 'timeoutMs', 'token'];

/** Whether an operator may have written a secret here: in place of its reference, a level above it, or beside it in `pkcs11`. */
export function isNearSecret(path: KeyPath): boolean {
  const keys = path.filter((part) => typeof part !== 'number').map(String);
  const isWithin = (one: readonly string[], other: readonly string[]) => other.every((part, at) => one[at] === part);
  const isOnTheWay = SECRETS.map((place) => place.split('.')).some((at) => isWithin(at, keys) || isWithin(keys, at));
  return isOnTheWay || (keys.includes('pkcs11') && !HARMLESS.includes(keys.at(-1) ?? ''));
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

import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../secret.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Whether two parts of a configuration are the same, their secrets too. An absent member is the same as an undefined one. Copies
 * nothing, since a configuration may have thousands of keys.
 */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one instanceof Secret) return other instanceof Secret && one.reveal() === other.reveal();
  if (!hasMembers(one) || !hasMembers(other)) return isDeepStrictEqual(one, other);
  if (Array.isArray(one) !== Array.isArray(other) || one['length'] !== other['length']) return false;
  return (
    Object.keys(one).every((name) => isSameValue(one[name], other[name])) &&
    Object.keys(other).every((name) => other[name] === undefined || one[name] !== undefined)
  );
}

function hasMembers(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Secret);
}

import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../secret.ts';

/** Whether two parts of a configuration are the same, their secrets too. */
export function isSameValue(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(revealed(one), revealed(other));
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(revealed);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (part === undefined ? [] : [[key, revealed(part)]])),
  );
}

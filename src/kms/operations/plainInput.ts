import { KmsError } from '../kmsError.ts';

// Far more than KMS needs. Its deepest input is that of CreateGrant, with three levels.
const MAX_DEPTH = 32;

// The largest accepted input, an encryption context of 8 KiB, has about 2,000 values.
const MAX_VALUES = 5_000;

/**
 * Returns a JSON value without the members that are null, because KMS treats them as absent. Throws SerializationException for input that
 * no operation of KMS has:
 *
 * - Values that are nested too deeply for recursive functions.
 * - So many values that describing their problems would take seconds.
 * - The name `__proto__`, because JavaScript would drop it from a map such as an encryption context.
 * - Text that cannot be encoded as UTF-8, because different texts would have the same bytes.
 */
export function plainInput(value: unknown): unknown {
  return plain(value, 0, { values: 0 });
}

function plain(value: unknown, depth: number, count: { values: number }): unknown {
  count.values += 1;
  if (count.values > MAX_VALUES) {
    throw new KmsError('SerializationException', `The request has more than ${MAX_VALUES} values`);
  }
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) throw new KmsError('SerializationException', 'The request is nested too deeply');
  if (Array.isArray(value)) return value.map((element) => plain(element, depth + 1, count));
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [nameable(name), plain(member, depth + 1, count)]));
}

function nameable(name: string): string {
  if (name === '__proto__') throw new KmsError('SerializationException', 'A member cannot have the name __proto__');
  return wellFormed(name);
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new KmsError('SerializationException', 'The request contains an unpaired surrogate');
  return text;
}

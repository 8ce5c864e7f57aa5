import { KmsError } from '../kmsError.ts';

// The input of CreateGrant is the deepest that KMS has: three levels.
const MAX_DEPTH = 32;

// The largest input that is accepted, an encryption context of 8 KiB, has some 2,000.
const MAX_VALUES = 5_000;

/**
 * The value of a JSON text without the members that are null, which are absent ones. Throws SerializationException for what
 * no input of KMS is: too deep for functions that call themselves, so many values that to describe each takes seconds, a name that JavaScript gives a meaning (it would vanish
 * from a map, such as an encryption context), or text that has no UTF-8 (two of them would be the same bytes).
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
  if (name === '__proto__') throw new KmsError('SerializationException', 'No member can have the name __proto__');
  return wellFormed(name);
}

function wellFormed(text: string): string {
  if (!text.isWellFormed())
    throw new KmsError('SerializationException', 'The request has a surrogate without its pair');
  return text;
}

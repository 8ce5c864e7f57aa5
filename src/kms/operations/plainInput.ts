import { KmsError } from '../kmsError.ts';

// The input of CreateGrant is the deepest that KMS has: three levels.
const MAX_DEPTH = 32;

/**
 * The value of a JSON text without the members that are null, which are absent ones. Throws SerializationException for what
 * no input of KMS is: too deep for functions that call themselves, a name that JavaScript gives a meaning (it would vanish
 * from a map, such as an encryption context), or text that has no UTF-8 (two of them would be the same bytes).
 */
export function plainInput(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) throw new KmsError('SerializationException', 'The request is nested too deeply');
  if (Array.isArray(value)) return value.map((element) => plainInput(element, depth + 1));
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [nameable(name), plainInput(member, depth + 1)]));
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

import { MAX_AAD_BYTES } from '../../xks/limits.ts';
import { KmsError } from '../kmsError.ts';

/**
 * The bytes that stand for an encryption context in both layers of encryption: its pairs in the order of their keys' UTF-8
 * bytes, each key and each value after its length as uint16be. No two contexts have the same bytes, and no context at all
 * has none. Throws ValidationException for text that UTF-8 cannot express and for more than the 8,192 bytes that proxies take
 * as additionalAuthenticatedData (spec, "Encrypt").
 */
export function canonicalContext(context: ReadonlyMap<string, string> = new Map()): Buffer {
  const pairs = [...context].map((pair) => pair.map(toBytes)).sort(([a = EMPTY], [b = EMPTY]) => a.compare(b));
  const texts = pairs.flat();
  const length = texts.reduce((sum, text) => sum + LENGTH_BYTES + text.length, 0);
  if (length > MAX_AAD_BYTES) {
    throw new KmsError(
      'ValidationException',
      `The encryption context must have at most ${MAX_AAD_BYTES} bytes, ${LENGTH_BYTES} for each key and each value included; it has ${length}.`,
    );
  }
  return Buffer.concat(texts.flatMap((text) => [uint16be(text.length), text]));
}

const LENGTH_BYTES = 2;
const EMPTY = Buffer.alloc(0);

function toBytes(text: string): Buffer {
  // Buffer.from makes the same three bytes of every lone surrogate.
  if (!text.isWellFormed()) {
    throw new KmsError('ValidationException', 'The encryption context must be of valid Unicode characters.');
  }
  return Buffer.from(text);
}

function uint16be(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt16BE(value);
  return bytes;
}

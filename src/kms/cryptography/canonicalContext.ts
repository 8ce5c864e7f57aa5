import { MAX_AAD_BYTES } from '../../xks/limits.ts';
import { KmsError } from '../kmsError.ts';

/**
 * Encodes an encryption context for both layers of encryption. Its pairs are in the order of their keys' UTF-8 bytes, and each key and each
 * value follows its length as uint16be. No two contexts have the same bytes; no context gives no bytes. Throws ValidationException above
 * 8,192 bytes, which is all that proxies accept as additionalAuthenticatedData (spec, "Encrypt"). All text must be well-formed.
 */
export function canonicalContext(context: Readonly<Record<string, string>> = {}): Buffer {
  const pairs = Object.entries(context)
    .map((pair) => pair.map((text) => Buffer.from(text)))
    .sort(([a = EMPTY], [b = EMPTY]) => a.compare(b));
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

function uint16be(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt16BE(value);
  return bytes;
}

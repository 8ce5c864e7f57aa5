import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { frameAad } from '../../../src/xks/aad.ts';
import { computeCdiv } from '../../../src/xks/cdiv.ts';
import { readVectors } from '../../support/readVectors.ts';

const hex = z.string().transform((text) => Buffer.from(text, 'hex'));

describe('frameAad', () => {
  const { vectors } = readVectors(
    'aad.json',
    z.strictObject({
      source: z.string(),
      vectors: z.array(z.strictObject({ aad: hex, ciphertextMetadata: hex, framed: z.string() })),
    }),
  );

  it.each(vectors)('gives $framed', ({ aad, ciphertextMetadata, framed }) => {
    expect(frameAad(aad, ciphertextMetadata).toString('hex')).toBe(framed);
  });

  it('distinguishes metadata from AAD', () => {
    const [one, other] = [Buffer.from('same'), Buffer.alloc(0)];
    expect(frameAad(one, other)).not.toEqual(frameAad(other, one));
  });

  it('throws, instead of wrapping around, if an AAD is too long for its length field', () => {
    expect(() => frameAad(Buffer.alloc(65_536), Buffer.alloc(0))).toThrow(RangeError);
  });
});

describe('computeCdiv', () => {
  const { vectors } = readVectors(
    'cdiv.json',
    z.strictObject({
      vectors: z.array(
        z.strictObject({
          source: z.string(),
          aad: hex,
          ciphertextMetadata: hex,
          iv: hex,
          ciphertext: hex,
          tag: hex,
          cdiv: z.string(),
        }),
      ),
    }),
  );

  it.each(vectors)('$source', ({ cdiv, ...input }) => {
    expect(computeCdiv(input)).toBe(cdiv);
  });
});

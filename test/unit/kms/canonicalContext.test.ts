import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalContext } from '../../../src/kms/cryptography/canonicalContext.ts';

const contexts = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

it('is empty without a context, and for a context without pairs', () => {
  expect(canonicalContext()).toEqual(Buffer.alloc(0));
  expect(canonicalContext({})).toEqual(Buffer.alloc(0));
});

it('is each key and value with its length before it, in the order of the keys’ UTF-8 bytes', () => {
  // By UTF-16 units, as JavaScript sorts, U+1F511 would come before U+FF0B.
  const context = { '\u{1F511}': '', b: 'é', '': 'x', '\uFF0B': 'y' };
  const expected = ['0000', '000178', '000162', '0002c3a9', '0003efbc8b', '000179', '0004f09f9491', '0000'];
  expect(canonicalContext(context).toString('hex')).toBe(expected.join(''));
});

it('does not depend on the order of the members', () => {
  fc.assert(
    fc.property(contexts, (context) => {
      const pairs = Object.entries(context);
      expect(canonicalContext(Object.fromEntries(pairs.toReversed()))).toEqual(canonicalContext(context));
    }),
  );
});

it('is unique, so that no two contexts have the same one', () => {
  fc.assert(
    fc.property(contexts, (context) => {
      expect(readBack(canonicalContext(context))).toEqual(new Map(Object.entries(context)));
    }),
  );
});

function readBack(bytes: Buffer): Map<string, string> {
  const texts: string[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 2 + bytes.readUInt16BE(offset);
    texts.push(bytes.toString('utf8', offset + 2, end));
    offset = end;
  }
  const keys = texts.filter((_, index) => index % 2 === 0);
  return new Map(keys.map((key, index) => [key, texts[2 * index + 1] ?? 'none']));
}

it('has at most 8,192 bytes', () => {
  expect(canonicalContext({ a: 'x'.repeat(8187) })).toHaveLength(8192);
  for (const [length, total] of [
    [8188, 8193],
    [100_000, 100_005],
  ] as const) {
    expect(() => canonicalContext({ a: 'x'.repeat(length) })).toThrow(
      expect.objectContaining({
        errorName: 'ValidationException',
        message: `The encryption context must have at most 8192 bytes, 2 for each key and each value included; it has ${total}.`,
      }),
    );
  }
});

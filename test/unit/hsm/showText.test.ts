import fc from 'fast-check';
import { expect, it } from 'vitest';
import { showText } from '../../../src/hsm/pkcs11/token/showText.ts';

it.each<[string | Buffer, string]>([
  ['payments 2026', 'payments 2026'],
  ['Zahlungen für 支払い 🔑', 'Zahlungen für 支払い 🔑'],
  [Buffer.from('Zahlungen für 支払い 🔑'), 'Zahlungen für 支払い 🔑'],
  ['', ''],
  ['\x1b[2J', String.raw`\u001b[2J`],
  ['a\r\n\x00\x7f\x9b', String.raw`a\u000d\u000a\u0000\u007f\u009b`],
  ['a\u202eb\u200b\u00a0\u2028', String.raw`a\u202eb\u200b\u00a0\u2028`],
  ['\u115f\u{e0041}\ufeffx', String.raw`\u115f\udb40\udc41\ufeffx`],
  [' a  b ', String.raw`\u0020a  b\u0020`],
  [String.raw`a\u0020`, String.raw`a\\u0020`],
  ['\ud800', String.raw`\ud800`],
  [Buffer.from([0x61, 0xff, 0x20, 0x5c, 0x1b]), String.raw`a\xff \\\x1b`],
  [Buffer.from([0x20, 0xc3, 0x20]), String.raw`\x20\xc3\x20`],
  // UTF-8 with more bytes than needed, which terminals may read as a control character.
  [Buffer.from([0xc0, 0x9b]), String.raw`\xc0\x9b`],
])('%j is shown as %j', (text, shown) => {
  expect(showText(text)).toBe(shown);
});

it('no text can control a terminal, and no two texts are shown alike', () => {
  const bytes = fc.uint8Array({ maxLength: 8 });
  fc.assert(
    fc.property(fc.oneof(bytes, fc.string({ unit: 'binary' })), (text) => {
      expect(showText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      fc.pre(!Buffer.from(one).equals(other));
      expect(showText(one)).not.toBe(showText(other));
    }),
  );
});

import { describe, expect, it } from 'vitest';
import { findToken } from '../../../src/hsm/pkcs11/token/findToken.ts';
import { TOKEN } from './fakeCryptoki.ts';

const blank = { ...TOKEN, label: '', serial: '', slot: 1n };
const twin = { ...TOKEN, serial: '4567', slot: 8n };

describe('a token', () => {
  it.each([{ label: 'fake' }, { serial: '0123' }, { slot: 7n }])('is found by %o', (selector) => {
    expect(findToken([blank, TOKEN], selector)).toBe(TOKEN);
  });

  it('is found by a slot id of 64 bits, and not by another id that is the same double', () => {
    const slots = [2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n];
    const tokens = slots.map((slot) => ({ ...TOKEN, slot }));
    expect(slots.map((slot) => findToken(tokens, { slot }))).toEqual(tokens);
    expect(() => findToken(tokens, { slot: 2n ** 63n + 2n })).toThrow(
      /^There is no token with the slot 9223372036854775810\./,
    );
  });

  it.each([
    [
      [blank, TOKEN],
      { label: 'other' },
      'There is no token with the label "other". The module has: "fake" (serial 0123, slot 7).',
    ],
    [
      [blank],
      { slot: 9n },
      'There is no token with the slot 9. The module has no initialised token (SoftHSM: is SOFTHSM2_CONF set, and to the right file?).',
    ],
    [
      [TOKEN, twin],
      { label: 'fake' },
      '2 tokens have the label "fake": "fake" (serial 0123, slot 7), "fake" (serial 4567, slot 8). Select one by serial or slot.',
    ],
    [
      [{ ...TOKEN, label: 'a\x1b[2J', serial: '1 \x9b', slot: 7n }],
      { label: 'fake ' },
      String.raw`There is no token with the label "fake\u0020". The module has: "a\u001b[2J" (serial 1 \u009b, slot 7).`,
    ],
  ])('is not selected, and the error says why: case %#', (tokens, selector, message) => {
    expect(() => findToken(tokens, selector)).toThrow(expect.objectContaining({ name: 'Pkcs11Failure', message }));
  });
});

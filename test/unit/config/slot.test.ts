import { describe, expect, it } from 'vitest';
import { describeChanges } from '../../../src/config/describeChanges.ts';
import { loadWritten, problemsOf } from '../../support/validConfig.ts';

/** The valid configuration with a token in this slot, as it stands in YAML. */
function withSlot(slot: string): string {
  return `
server: { regions: [us-east-1], insecureHttp: true }
keyManagers: [{ name: softhsm, pkcs11: { module: module.so, token: { slot: ${slot} }, pin: { file: pin } } }]
keyStores: [{ name: example, uriPathPrefix: /example, keyManagers: [softhsm] }]
`;
}

describe('a slot', () => {
  it.each([
    ['0', 0n],
    ['1234', 1234n],
    ['0x1f', 31n],
    ['9007199254740991', 2n ** 53n - 1n],
    ["'18446744073709551615'", 2n ** 64n - 1n],
    ['"0xFFFFFFFFFFFFFFFF"', 2n ** 64n - 1n],
    ["'0xb1a2c3d4e5f60708'", 0xb1a2c3d4e5f60708n],
    ["'007'", 7n],
  ])('may be given as %s', (text, slot) => {
    expect(loadWritten(withSlot(text)).config.keyManagers[0]?.pkcs11.token).toEqual({ slot });
  });

  it.each([
    ['9007199254740993', /must be in quotes: YAML does not hold a number of this size exactly$/],
    ['0xb1a2c3d4e5f60708', /must be in quotes/],
    ["'18446744073709551616'", /must be at most 2\^64-1$/],
    ['-1', /must be a whole number, or such a number in quotes, decimal or hexadecimal with 0x$/],
    ['1.5', /must be a whole number/],
    ["'1f'", /must be a whole number/],
    ["''", /must be a whole number/],
    ["'0x10000000000000000'", /must be a whole number/],
    ['[1]', /must be a whole number/],
  ])('cannot be %s', (text, problem) => {
    expect(problemsOf(withSlot(text))).toEqual([
      expect.stringMatching(new RegExp(`^keyManagers\\[0\\]\\.pkcs11\\.token\\.slot: ${problem.source}`)),
    ]);
  });

  it('is reported in full if it changes', () => {
    const [before, after] = ['0x8000000000000000', '0x8000000000000001'].map(
      (slot) => loadWritten(withSlot(`'${slot}'`)).config,
    );
    expect(
      describeChanges(before?.keyManagers[0]?.pkcs11.token ?? {}, after?.keyManagers[0]?.pkcs11.token ?? {}),
    ).toEqual([
      {
        path: ['slot'],
        what: '9223372036854775808 to 9223372036854775809',
        needsRestart: false,
      },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { BySelector, type KeySelector } from '../../../src/config/schema/keySelector.ts';
import { changedConfig, loadWritten, problemsOf } from '../../support/validConfig.ts';

/** The valid configuration with these keys in its key store; a text is YAML. */
function withKeys(...keys: readonly (object | string)[]): unknown {
  return changedConfig(({ keyStores: [store] }) => {
    if (store) store.keys = keys as { id: string }[];
  });
}

function versionsOf(...keys: readonly object[]) {
  return loadWritten(withKeys(...keys)).config.keyStores[0]?.keys.map(({ versions }) => versions);
}

const NO_METADATA = Buffer.alloc(0);
const encrypting = { decryptOnly: false };

// printf payments | sha256sum; printf '\x0a\x0b\x0c' | sha256sum
const SHA256_PAYMENTS = '874a74e096907127';
const SHA256_0A0B0C = '9909ec831e2cf6d0';

describe('a key', () => {
  it.each([
    [{ ckaId: '0A0b0C' }, { label: undefined, ckaId: '0a0b0c' }],
    [
      { label: 'payments', ckaId: '00' },
      { label: 'payments', ckaId: '00' },
    ],
    [{ label: 'payments' }, { label: 'payments', ckaId: undefined }],
    [{}, { label: 'foo', ckaId: undefined }],
    [{ ckaId: 'ff'.repeat(128) }, { label: undefined, ckaId: 'ff'.repeat(128) }],
  ])('that is given as %o is selected by %o', (given, selector) => {
    expect(versionsOf({ id: 'foo', ...given })).toEqual([
      [{ ...selector, ...encrypting, ciphertextMetadata: NO_METADATA }],
    ]);
  });

  it.each([
    ['0', /must be an even number of hexadecimal digits/],
    ['', /must be an even number of hexadecimal digits/],
    ['0x0a', /without 0x or separators \(given: "0x0a"\)$/],
    ['0a:0b', /without 0x or separators/],
    ['ff'.repeat(129), /2 to 256/],
    [123, /^keyStores\[0\]\.keys\[0\]\.ckaId: must be in quotes: YAML reads .* as a number \(given: 123\)$/],
    [null, /must be hexadecimal digits/],
  ])('cannot have the CKA_ID %j', (ckaId, problem) => {
    expect(problemsOf(withKeys({ id: 'foo', ckaId }))).toEqual([expect.stringMatching(problem)]);
  });

  it.each(['0123', '1e10', '0x0a', '12'])('must have its CKA_ID in quotes if YAML reads it as a number: %s', (text) => {
    const yaml = `keyStores: [{ name: s, uriPathPrefix: /s, keyManagers: [m], keys: [{ id: foo, ckaId: ${text} }] }]`;
    expect(problemsOf(yaml)).toContainEqual(
      expect.stringMatching(/^keyStores\[0\]\.keys\[0\]\.ckaId: must be in quotes/),
    );
  });
});

describe('a version', () => {
  it('is named by its label, even if it also has a CKA_ID, and by its CKA_ID if it has no label', () => {
    const [[byLabel, byCkaId] = [], [byBoth] = []] =
      versionsOf(
        { id: 'one', versions: [{ label: 'payments-1' }, { ckaId: '0A0B0C' }] },
        { id: 'two', versions: [{ label: 'payments-1', ckaId: '0d' }] },
      ) ?? [];
    const metadata = Buffer.from(`01${SHA256_PAYMENTS}`, 'hex');
    expect(byLabel).toEqual({ label: 'payments-1', ...encrypting, ciphertextMetadata: metadata });
    expect(byBoth).toEqual({ label: 'payments-1', ckaId: '0d', ...encrypting, ciphertextMetadata: metadata });
    expect(byCkaId).toEqual({
      ckaId: '0a0b0c',
      ...encrypting,
      ciphertextMetadata: Buffer.from(`02${SHA256_0A0B0C}`, 'hex'),
    });
  });

  it.each([
    [[{}], 'versions[0]: must have label, ckaId or both (given: a map)'],
    [[{ label: 'a' }, { label: 'a' }], 'versions[1]: must not be the same key as another version'],
    [[{ ckaId: '0A' }, { ckaId: '0a' }], 'versions[1]: must not be the same key as another version'],
    [[{ label: 'a' }, { label: 'a', ckaId: '0a' }], 'versions[1]: must not be the same key as another version'],
    [[{ label: 'a', ckaId: '0a' }, { ckaId: '0a' }], 'versions[1]: must not be the same key as another version'],
    [
      [{ label: 'a', ckaId: '0a' }, { ckaId: '0c' }, { label: 'a', ckaId: '0b' }],
      'versions[2]: must not have the label of another version, because ciphertexts name versions by their labels; select this one only by its ckaId',
    ],
  ])('is refused among %j', (versions, problem) => {
    expect(problemsOf(withKeys({ id: 'foo', versions }))).toEqual([
      expect.stringContaining(`keyStores[0].keys[0].${problem}`),
    ]);
  });

  it('may share a label or a CKA_ID, or each set only one of them', () => {
    expect(versionsOf({ id: 'foo', versions: [{ label: 'a' }, { ckaId: '0a' }] })).toHaveLength(1);
    expect(
      versionsOf({
        id: 'foo',
        versions: [
          { label: 'a', ckaId: '0a' },
          { label: 'b', ckaId: '0a' },
        ],
      }),
    ).toHaveLength(1);
  });

  it('cannot be combined with ckaId', () => {
    expect(problemsOf(withKeys({ id: 'foo', ckaId: '0a', versions: [{ label: 'a' }] }))).toEqual([
      'keyStores[0].keys[0]: must not have versions beside label or ckaId (given: a map)',
    ]);
  });
});

describe('external keys that are, or may be, one key in the token', () => {
  const warning = (index: number, verb: string, place = 'keyStores[0].keys[0]') =>
    `keyStores[0].keys[${index}]: ${verb} the same key in the token as ${place}; give each a key of its own`;

  it.each([
    [[{ ckaId: '0a' }, { ckaId: '0A' }], [warning(1, 'is')]],
    [
      [
        { label: 'a', ckaId: '0a' },
        { label: 'a', ckaId: '0a' },
      ],
      [warning(1, 'is')],
    ],
    [[{ label: 'a', ckaId: '0a' }, { ckaId: '0a' }], [warning(1, 'may be')]],
    [[{ label: 'a', ckaId: '0a' }, { label: 'a' }], [warning(1, 'may be')]],
    [[{ label: 'xks-health', ckaId: '0a' }], [warning(0, 'may be', 'keyManagers[0].pkcs11.healthKey')]],
    [
      [
        { label: 'a', ckaId: '0a' },
        { label: 'a', ckaId: '0b' },
      ],
      [],
    ],
    [
      [
        { label: 'a', ckaId: '0a' },
        { label: 'b', ckaId: '0a' },
      ],
      [],
    ],
    [[{ label: 'a' }, { ckaId: '0a' }], []],
    [[{ label: '0a' }, { ckaId: '0a' }], []],
  ])('get warnings: %j', (selectors, warnings) => {
    const keys = selectors.map((selector, index) => ({ id: `key-${index}`, ...selector }));
    const told = loadWritten(withKeys(...keys)).warnings.map((warning) => warning.replace(/ \(line \d+\)/, ''));
    expect(told).toEqual(warnings);
  });
});

describe('selectors that may be one key', () => {
  const given = [undefined, 'a', 'b'];
  const all: KeySelector[] = given
    .flatMap((label) => given.map((ckaId) => ({ label, ckaId })))
    .filter(({ label, ckaId }) => label !== undefined || ckaId !== undefined);

  /** Whether both set at least one attribute, and agree in all attributes that both set. */
  function mayBeOne(one: KeySelector, other: KeySelector): boolean {
    const said = (['label', 'ckaId'] as const).filter((name) => one[name] !== undefined && other[name] !== undefined);
    return said.length > 0 && said.every((name) => one[name] === other[name]);
  }

  it('are found in any order; the first one is returned', () => {
    for (const [first, second, third] of all.flatMap((a) => all.flatMap((b) => all.map((c) => [a, b, c] as const)))) {
      const bySelector = new BySelector<KeySelector>();
      bySelector.add(first, first);
      bySelector.add(second, second);
      expect(bySelector.find(third)).toBe([first, second].find((earlier) => mayBeOne(earlier, third)));
    }
  });
});

import { expect, it } from 'vitest';
import type { Config } from '../../../src/config/schema/schema.ts';
import { compareKeys } from '../../../src/doctor/compareKeys.ts';

type KeyStore = Config['keyStores'][number];

const NO_METADATA = Buffer.alloc(0);
const MANAGERS = ['a', 'b', 'c'];

/** The findings for an external key `orders`, with the check values of its label and CKA_ID in key managers a, b and c. */
function compared(checkValues: readonly (string | undefined)[], store: Partial<KeyStore> = {}) {
  const key = { label: 'orders', ckaId: '0a' };
  const versions = [{ ...key, decryptOnly: false, ciphertextMetadata: NO_METADATA }];
  const keys = [{ id: 'orders', versions, status: 'enabled' }];
  const keyManagers = MANAGERS.slice(0, checkValues.length);
  const config = {
    keyStores: [{ name: 'first', status: 'enabled', keyManagers, keys, ...store }],
  } as unknown as Config;
  const checked = checkValues.flatMap((checkValue, index) => {
    const keyManager = MANAGERS[index] ?? '';
    // As they arrive from another process.
    return checkValue === undefined ? [] : [{ keyManager, key: structuredClone(key), checkValue }];
  });
  return [...compareKeys(config, checked)].map(({ check, level, message }) => `${level} ${check}: ${message}`);
}

it.each([
  [['A1B2C3', 'A1B2C3'], '1 of 1 key versions have the same check value in a, b'],
  // A key manager that reports more bytes.
  [['A1B2C3', 'A1B2C3D4E5F60708', 'A1B2C3D4'], '1 of 1 key versions have the same check value in a, b, c'],
  [
    ['A1B2C3', undefined],
    '0 of 1 key versions have the same check value in a, b; 1 could not be compared, for lack of the key or of its check value',
  ],
  [
    ['A1B2C3', undefined, 'A1B2C3'],
    '0 of 1 key versions have the same check value in a, b, c; 1 could not be compared, for lack of the key or of its check value',
  ],
])('%j is no problem', (checkValues, message) => {
  expect(compared(checkValues)).toEqual([`ok keys of first: ${message}`]);
});

it.each([
  [['A1B2C3', 'A1B2C4'], 'A1B2C3 in a, A1B2C4 in b'],
  [[undefined, 'A1B2C3', 'A1B2C4'], 'A1B2C3 in b, A1B2C4 in c'],
])('%j are different keys', (checkValues, all) => {
  const message = `orders is not the same key everywhere: its check value is ${all}`;
  expect(compared(checkValues)).toEqual([`failure key orders of first: ${message}`]);
  // No request uses the key.
  expect(compared(checkValues, { status: 'blocked' })).toEqual([`warning key orders of first: ${message}`]);
});

// Other lengths than that of PKCS#11 can come from another method.
it.each([
  [['A1B2C3', '0102030405'], 'A1B2C3 in a, 0102030405 in b'],
  [['A1B2C3', 'A1B2C30405', 'A1B2C30406'], 'A1B2C3 in a, A1B2C30405 in b, A1B2C30406 in c'],
])('%j may be different keys', (checkValues, all) => {
  const message = `orders may not be the same key everywhere: its check value is ${all}`;
  expect(compared(checkValues)).toEqual([`warning key orders of first: ${message}`]);
});

it.each([
  ['one key manager', { keyManagers: ['a'] }],
  ['no keys', { keys: [] }],
])('a key store with %s has nothing to compare', (_what, store) => {
  expect(compared(['A1B2C3', 'A1B2C4'], store)).toEqual([]);
});

import { expect, it } from 'vitest';
import { toTokenInfo } from '../../../src/hsm/pkcs11/cryptoki/toTokenInfo.ts';

const version = { major: 2, minor: 6 };

it.each([
  ['blank'.padEnd(32), 'blank'],
  ['nul'.padEnd(32, '\0'), 'nul'],
  ['both\0'.padEnd(32), 'both'],
  [' '.repeat(32), ''],
  ['  in front', '  in front'],
  // White space that is no padding: a label may end with it.
  ['hard blank\u00a0'.padEnd(32), 'hard blank\u00a0'],
  ['tab\t\n'.padEnd(32), 'tab\t\n'],
])('%j is padding and %j', (padded, text) => {
  const info = { label: padded, serialNumber: padded, manufacturerID: padded, model: padded };
  expect(toTokenInfo(2n ** 64n - 1n, { ...info, hardwareVersion: version, firmwareVersion: version })).toEqual({
    slot: 18446744073709551615n,
    label: text,
    serial: text,
    manufacturer: text,
    model: text,
    hardwareVersion: '2.6',
    firmwareVersion: '2.6',
  });
});

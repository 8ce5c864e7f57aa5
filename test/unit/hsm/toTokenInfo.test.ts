import { expect, it } from 'vitest';
import { toTokenInfo } from '../../../src/hsm/pkcs11/cryptoki/toTokenInfo.ts';

const version = { major: 2, minor: 6 };
const anyToken = {
  label: '',
  serialNumber: '',
  manufacturerID: '',
  model: '',
  hardwareVersion: version,
  firmwareVersion: version,
};

it.each([
  ['blank'.padEnd(32), 'blank'],
  ['nul'.padEnd(32, '\0'), 'nul'],
  ['both\0'.padEnd(32), 'both'],
  [' '.repeat(32), ''],
  ['  in front', '  in front'],
  // White space that is not padding; a label may end with it.
  ['hard blank\u00a0'.padEnd(32), 'hard blank\u00a0'],
  ['tab\t\n'.padEnd(32), 'tab\t\n'],
])('%j is padding and %j', (padded, text) => {
  const info = {
    label: padded,
    serialNumber: padded,
    manufacturerID: padded,
    model: padded,
    flags: 0,
    maxSessionCount: 0,
  };
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

it.each([
  [0x4_0405, 'locked'],
  [0x7_0000, 'locked'],
  [0x3_0000, 'final try'],
  [0x1_0000, 'count low'],
  [0x405, undefined],
])('flags %j: the user PIN is %j', (flags, pinDanger) => {
  expect(toTokenInfo(1n, { ...anyToken, flags, maxSessionCount: 0 }).pinDanger).toBe(pinDanger);
});

it.each([
  [0, undefined],
  [8, 8],
  [2 ** 64, undefined],
  [2 ** 32 - 1, undefined],
])('ulMaxSessionCount %j is a limit of %j', (maxSessionCount, maxSessions) => {
  expect(toTokenInfo(1n, { ...anyToken, flags: 0, maxSessionCount }).maxSessions).toBe(maxSessions);
});

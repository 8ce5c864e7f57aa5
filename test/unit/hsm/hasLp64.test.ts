import { expect, it } from 'vitest';
import { hasLp64 } from '../../../src/hsm/pkcs11/cryptoki/hasLp64.ts';

it.each([
  ['linux', 'x64', true],
  ['linux', 'arm64', true],
  ['darwin', 'arm64', true],
  ['linux', 'arm', false],
  ['linux', 's390x', false],
  ['win32', 'x64', false],
])('hasLp64 for %s on %s is %s', (platform, arch, expected) => {
  expect(hasLp64({ platform, arch })).toBe(expected);
});

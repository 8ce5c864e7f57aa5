import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasToken, initializeToken, setUpSoftHsm } from '../../softhsm/setUp.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xks-proxy-softhsm-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

it('a second set-up of SoftHSM changes nothing', () => {
  const first = setUpSoftHsm(directory);
  expect(hasToken(first, 'token')).toBe(false);
  initializeToken(first, 'token');
  const pin = readFileSync(first.pinFile, 'utf8');

  const again = setUpSoftHsm(directory);
  expect(again).toEqual(first);
  expect(hasToken(again, 'token')).toBe(true);
  expect(hasToken(again, 'tok')).toBe(false);
  expect(readFileSync(again.pinFile, 'utf8')).toBe(pin);
});

it('PINs are random, and only their owner can read them', () => {
  const { pinFile, soPinFile } = setUpSoftHsm(directory);
  expect(readFileSync(pinFile, 'utf8')).toMatch(/^[0-9a-f]{32}$/);
  expect(readFileSync(pinFile, 'utf8')).not.toBe(readFileSync(soPinFile, 'utf8'));
  for (const file of [pinFile, soPinFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

import { expect, it } from 'vitest';
import { ownBytes } from '../../../src/hsm/pkcs11/thread/ownBytes.ts';

it('copies bytes into separate memory, at any depth of a value', () => {
  const memory = Buffer.from('0123456789');
  const value = [
    { label: 'key', ckaId: undefined },
    memory.subarray(2, 4),
    { iv: memory.subarray(5, 6), count: 1 },
  ] as const;
  const copy = ownBytes(value);
  expect(copy).toEqual([
    { label: 'key', ckaId: undefined },
    new Uint8Array([50, 51]),
    { iv: new Uint8Array([53]), count: 1 },
  ]);
  expect([copy[1], copy[2].iv].map(({ buffer }) => buffer.byteLength)).toEqual([2, 1]);
});

it('does not copy bytes that already have separate memory', () => {
  const bytes = new Uint8Array([1, 2]);
  expect(ownBytes(bytes)).toBe(bytes);
});

it.each([undefined, null, 'text', 7])('leaves %s unchanged', (value) => {
  expect(ownBytes(value)).toBe(value);
});

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCiphertextBlob, writeCiphertextBlob } from '../../../src/kms/cryptography/ciphertextBlob.ts';

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));

const blobs = fc.record({
  keyId: fc.uuid(),
  sealed: fc.record({
    initializationVector: fc.oneof(bytes(12, 12), bytes(16, 16)),
    authenticationTag: bytes(16, 16),
    ciphertextMetadata: bytes(0, 20),
    ciphertext: bytes(1, 4124),
  }),
});

it('can be read back', () => {
  fc.assert(
    fc.property(blobs, (blob) => {
      expect(readCiphertextBlob(writeCiphertextBlob(blob))).toEqual(blob);
    }),
  );
});

it('is large enough for the longest plaintext', () => {
  const longest = {
    keyId: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
    sealed: {
      initializationVector: randomBytes(16),
      authenticationTag: randomBytes(16),
      ciphertextMetadata: randomBytes(20),
      ciphertext: randomBytes(4096 + 28),
    },
  };
  const blob = writeCiphertextBlob(longest);
  expect(blob).toHaveLength(4195);
  expect(readCiphertextBlob(blob)).toEqual(longest);
});

describe('refuses', () => {
  const [format, id, tag] = ['01', '11'.repeat(16), '22'.repeat(16)];
  const iv = `0c${'33'.repeat(12)}`;
  const ciphertext = '44'.repeat(29);
  const header = `${format}${id}${iv}${tag}00`;
  const good = header + ciphertext;

  it.each([
    ['another format', `02${good.slice(2)}`],
    ['format 0', `00${good.slice(2)}`],
    ['no IV', `${format}${id}00${tag}00${ciphertext}`],
    ['an IV of 13 bytes', `${format}${id}0d${'33'.repeat(13)}${tag}00${ciphertext}`],
    ['metadata of 21 bytes', `${format}${id}${iv}${tag}15${'55'.repeat(21)}${ciphertext}`],
    ['no ciphertext', header],
    ['a ciphertext that is too long', good + '44'.repeat(4124 - 28)],
    ['text', Buffer.from('no ciphertext at all').toString('hex')],
  ])('%s', (_, hex) => {
    expect(() => readCiphertextBlob(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({
        errorName: 'InvalidCiphertextException',
        message: '',
      }),
    );
  });

  it('every truncation of the part before the ciphertext', () => {
    const blob = Buffer.from(good, 'hex');
    expect(readCiphertextBlob(blob).keyId).toBe('11111111-1111-1111-1111-111111111111');
    // A ciphertext may have any length.
    for (let length = 0; length <= header.length / 2; length += 1) {
      expect(() => readCiphertextBlob(blob.subarray(0, length))).toThrow(
        expect.objectContaining({ errorName: 'InvalidCiphertextException' }),
      );
    }
  });
});

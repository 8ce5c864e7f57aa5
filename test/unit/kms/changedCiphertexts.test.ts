import { expect, it } from 'vitest';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { decrypt } from '../../../src/kms/operations/cryptography/decrypt.ts';
import { encrypt } from '../../../src/kms/operations/cryptography/encrypt.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const kms = new LocalKmsUnderTest();
const { keyId } = kms.addKey(kms.addKeyStore().customKeyStoreId);

const NOT_MADE_HERE = 'InvalidCiphertextException: ';
const REFUSED_BY_PROXY = `KMSInvalidStateException: ${FAILURE_TABLE.InvalidCiphertextException.message}`;
const NO_SUCH_KEY =
  'AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, ' +
  'or you are not allowed to access.';

// A ciphertext of the in-memory proxy has an IV of 12 bytes and metadata of two. The plaintext has one byte.
const KEY_ID = 1;
const IV_LENGTH = KEY_ID + 16;
const IV = IV_LENGTH + 1;
const METADATA_LENGTH = IV + 12 + 16;
const METADATA = METADATA_LENGTH + 1;
const CIPHERTEXT = METADATA + 2;
const LENGTH = CIPHERTEXT + 28 + 1;

async function newBlob(): Promise<Buffer> {
  const output = await kms.call(encrypt, { KeyId: keyId, Plaintext: 'AA==' });
  return output?.['CiphertextBlob'] as Buffer;
}

/** Name and message of the error, or `decrypted`. */
async function outcome(blob: Buffer): Promise<string> {
  try {
    await kms.call(decrypt, { CiphertextBlob: blob.toString('base64') });
    return 'decrypted';
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return `${error.errorName}: ${error.message}`;
  }
}

/** The possible results of a change at that place. */
function outcomesAt(offset: number): string[] {
  if (offset < KEY_ID) return [NOT_MADE_HERE];
  if (offset < IV_LENGTH) return [NO_SUCH_KEY];
  // Another length changes the fields that follow.
  if (offset === IV_LENGTH || offset === METADATA_LENGTH) return [NOT_MADE_HERE, REFUSED_BY_PROXY];
  return [REFUSED_BY_PROXY];
}

/** All changes of a byte that directs the parser, and changes of one bit elsewhere. */
function differencesAt(offset: number): number[] {
  if ([0, IV_LENGTH, METADATA_LENGTH].includes(offset)) return Array.from({ length: 255 }, (_, index) => index + 1);
  return Array.from({ length: 8 }, (_, bit) => 1 << bit);
}

it('no ciphertext with a changed byte is decrypted, at any place', async () => {
  const blob = await newBlob();
  expect([blob.length, await outcome(blob)]).toEqual([LENGTH, 'decrypted']);
  for (let offset = 0; offset < blob.length; offset += 1) {
    const found = new Set<string>();
    for (const difference of differencesAt(offset)) {
      const changed = Buffer.from(blob);
      changed.writeUInt8(changed.readUInt8(offset) ^ difference, offset);
      found.add(await outcome(changed));
    }
    expect([offset, outcomesAt(offset)]).toEqual([offset, expect.arrayContaining([...found])]);
  }
});

it('no ciphertext that is shorter or longer is decrypted, at either end', async () => {
  const blob = await newBlob();
  const zeros = (length: number) => Buffer.alloc(length);
  for (let length = 1; length < blob.length; length += 1) {
    expect(await outcome(blob.subarray(0, length))).toBe(NOT_MADE_HERE);
    expect(await outcome(blob.subarray(-length))).not.toBe('decrypted');
    expect(await outcome(Buffer.concat([blob, zeros(length)]))).toBe(REFUSED_BY_PROXY);
    expect(await outcome(Buffer.concat([zeros(length), blob]))).toBe(NOT_MADE_HERE);
  }
  expect(await outcome(Buffer.concat([blob, zeros(6144 - blob.length)]))).toBe(NOT_MADE_HERE);
  expect(await outcome(Buffer.concat([blob, zeros(6145 - blob.length)]))).toBe(
    "ValidationException: 1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length less than or equal to 6144",
  );
});

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { IV_BYTES, TAG_BYTES } from '../../src/xks/limits.ts';
import type { Json, SealedBytes } from '../support/fakeXksProxySteps.ts';
import type { Faults } from './faults.ts';
import { amends, answers, bytesOf, refuses, SEALED, throwsFor } from './faultySteps.ts';

/** Faults of Decrypt. */
export const faultyDecrypt: Faults = {
  decrypt: [
    [
      'returns the plaintext as text instead of Base64',
      answers('decrypt', ({ plaintext }) => ({
        plaintext: Buffer.from(String(plaintext), 'base64').toString('latin1'),
      })),
      ['round-trip', 'round-trip-aad', 'round-trip-reencrypt', 'empty-aad'],
    ],
    [
      'forgets the AAD in Decrypt',
      amends((_body, operation) => (operation === 'decrypt' ? { additionalAuthenticatedData: '' } : {})),
      ['round-trip-aad', 'round-trip-reencrypt', 'added-aad'],
    ],
    [
      'does not verify the tag',
      {
        open: (key, { ciphertext, iv }, aad) => createDecipheriv('aes-256-gcm', key, iv).setAAD(aad).update(ciphertext),
      },
      [
        ...['changed-ciphertext', 'shortened-ciphertext', 'changed-iv', 'changed-tag'],
        ...['changed-aad', 'missing-aad', 'added-aad', 'tag-moved-to-ciphertext'],
        ...['changed-metadata', 'missing-metadata', 'metadata-as-aad', 'aad-as-metadata', 'aad-moved-to-metadata'],
        ...[8, 11, 13].map((length) => `iv-of-${length}-bytes`),
        ...[0, 4, 12, 15].map((length) => `tag-of-${length}-bytes`),
      ],
    ],
    [
      'compares only the bytes of the tag that the request has',
      { open: openComparingStart },
      [0, 4, 12, 15].map((length) => `tag-of-${length}-bytes`),
    ],
    [
      'uses only the first bytes of an IV or a tag that is too long',
      amends((body) => ({
        ...shorten(body, 'initializationVector', IV_BYTES[0]),
        ...shorten(body, 'authenticationTag', TAG_BYTES),
      })),
      ['iv-of-13-bytes', 'iv-of-17-bytes', 'tag-of-17-bytes'],
    ],
    [
      'answers an IV or a tag of a wrong length with InternalException',
      throwsFor((body) => {
        const iv = bytesOf(body, 'initializationVector');
        const tag = bytesOf(body, 'authenticationTag');
        return (iv && !IV_BYTES.includes(iv.length)) || (tag && tag.length !== TAG_BYTES) || false;
      }),
      [
        ...[0, 8, 11, 13, 17].map((length) => `iv-of-${length}-bytes`),
        ...[0, 4, 12, 15, 17].map((length) => `tag-of-${length}-bytes`),
        ...['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext'],
      ],
    ],
    [
      'answers a missing field with InternalException',
      throwsFor((body, operation) => operation === 'decrypt' && SEALED.some((field) => !(field in body))),
      ['decrypt-no-ciphertext', 'decrypt-no-iv', 'decrypt-no-tag'],
    ],
    [
      'treats a number as a ciphertext',
      amends(({ ciphertext }) => (ciphertext === 42 ? { ciphertext: 'NDI=' } : {})),
      ['decrypt-mistyped-ciphertext'],
    ],
    ['joins ciphertext and tag', amends(rejoinTag), ['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext']],
    [
      'ignores ciphertextMetadata',
      { frameAad: (aad) => aad, ...amends(() => ({ ciphertextMetadata: '' })) },
      ['changed-metadata', 'missing-metadata', 'long-metadata'],
    ],
    [
      'frames the AAD without lengths',
      { frameAad: (aad, metadata) => Buffer.concat([aad, metadata]) },
      ['metadata-as-aad', 'aad-as-metadata', 'aad-moved-to-metadata'],
    ],
    [
      'does not authenticate the AAD',
      { frameAad: (_aad, metadata) => metadata },
      ['changed-aad', 'missing-aad', 'added-aad'],
    ],
    [
      'distinguishes an empty AAD from an absent one',
      amends(({ additionalAuthenticatedData: aad }) => ({
        additionalAuthenticatedData: aad === '' ? 'AA==' : (aad ?? ''),
      })),
      ['empty-aad'],
    ],
    ['refuses ReEncrypt', refuses(({ kmsOperation }) => kmsOperation === 'ReEncrypt'), ['round-trip-reencrypt']],
    [
      'accepts any algorithm',
      amends(() => ({ encryptionAlgorithm: 'AES_GCM' })),
      ['decrypt-no-algorithm', 'decrypt-unknown-algorithm'],
    ],
  ],
};

function rejoinTag({ ciphertext, authenticationTag }: Json): Json {
  if (typeof ciphertext !== 'string' || typeof authenticationTag !== 'string') return {};
  const joined = Buffer.concat([Buffer.from(ciphertext, 'base64'), Buffer.from(authenticationTag, 'base64')]);
  return {
    ciphertext: joined.subarray(0, -16).toString('base64'),
    authenticationTag: joined.subarray(-16).toString('base64'),
  };
}

/** Decrypts without checking the length of the tag. */
function openComparingStart(key: Buffer, { ciphertext, iv, tag }: SealedBytes, aad: Buffer): Buffer {
  const plaintext = createDecipheriv('aes-256-gcm', key, iv).setAAD(aad).update(ciphertext);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  cipher.update(plaintext);
  cipher.final();
  if (!cipher.getAuthTag().subarray(0, tag.length).equals(tag)) throw new Error('The tags differ.');
  return plaintext;
}

function shorten(body: Json, field: string, length: number | undefined): Json {
  const bytes = bytesOf(body, field);
  return bytes ? { [field]: bytes.subarray(0, length).toString('base64') } : {};
}

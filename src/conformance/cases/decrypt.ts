import { randomBytes } from 'node:crypto';
import type { XksErrorName } from '../../xks/errors.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { expectPlaintext } from '../expectations.ts';
import { base64 } from '../../xksClient/keyStoreClient.ts';
import { tampering } from './tampering.ts';

// Spec, "Error codes": a "missing" ciphertext, IV or tag may have either error.
const MISSING: readonly XksErrorName[] = ['ValidationException', 'InvalidCiphertextException'];

function roundTrip(id: string, title: string, aad: string | undefined, kmsOperation = 'Decrypt'): ConformanceCase {
  return {
    id,
    level: 'MUST',
    title,
    expected: 'the plaintext that was encrypted',
    async run({ store }) {
      for (const length of [1, 16, 100]) {
        const plaintext = randomBytes(length);
        const additionalAuthenticatedData = aad === undefined ? undefined : base64(aad);
        const sealed = await seal(store, plaintext, { additionalAuthenticatedData });
        const fields = { ...sealedFields(sealed), additionalAuthenticatedData };
        expectPlaintext(await store.callWithMetadata('decrypt', { kmsOperation }, fields), plaintext);
      }
    },
  };
}

const withoutField = (field: string, id: string) =>
  refuses(`decrypt-no-${id}`, 'MUST', `Decrypt without ${field}`, MISSING, async ({ store }) => {
    const sealed = await seal(store, randomBytes(16));
    return store.call('decrypt', { ...sealedFields(sealed), [field]: undefined });
  });

export const decrypt: Section = {
  name: 'decrypt',
  title: 'Decrypt',
  source: 'Specification, "Decrypt", and "Encrypt", response parameter ciphertextMetadata',
  cases: [
    roundTrip('round-trip', 'Decrypts data that was encrypted without an AAD', undefined),
    roundTrip('round-trip-aad', 'Decrypts data that was encrypted with an AAD', 'project=nile,department=marketing'),
    roundTrip('round-trip-reencrypt', 'Decrypts on behalf of ReEncrypt', 'project=nile', 'ReEncrypt'),
    {
      id: 'empty-aad',
      level: 'SHOULD',
      title: 'Treats an absent AAD and an empty AAD as equal',
      expected: 'the same plaintext after encryption with an empty AAD and decryption without one, and vice versa',
      async run({ store }) {
        const plaintext = randomBytes(16);
        for (const [sealing, opening] of [
          ['', undefined],
          [undefined, ''],
        ] as const) {
          const sealed = await seal(store, plaintext, { additionalAuthenticatedData: sealing });
          const fields = { ...sealedFields(sealed), additionalAuthenticatedData: opening };
          expectPlaintext(await store.call('decrypt', fields), plaintext);
        }
      },
    },
    ...tampering,
    withoutField('ciphertext', 'ciphertext'),
    withoutField('initializationVector', 'iv'),
    withoutField('authenticationTag', 'tag'),
    refuses('decrypt-no-algorithm', 'MUST', 'Decrypt without encryptionAlgorithm', ['ValidationException'], (probe) =>
      probe.store.call('decrypt', { encryptionAlgorithm: undefined }),
    ),
    refuses(
      'decrypt-unknown-algorithm',
      'MUST',
      'Decrypt with an encryptionAlgorithm other than AES_GCM',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('decrypt', { encryptionAlgorithm: 'AES_CBC' }),
    ),
    refuses(
      'decrypt-mistyped-ciphertext',
      'MUST',
      'Decrypt whose ciphertext is a number',
      ['ValidationException'],
      ({ store }) => store.call('decrypt', { ciphertext: 42 }),
    ),
  ],
};

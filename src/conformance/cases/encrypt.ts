import { randomBytes } from 'node:crypto';
import { IV_BYTES, MAX_CIPHERTEXT_METADATA_BYTES, TAG_BYTES } from '../../xks/limits.ts';
import { accepts, refuses, seal } from '../caseBuilders.ts';
import type { Section } from '../conformanceCase.ts';
import { errorNameOf } from '../errorNameOf.ts';
import { expectError, expectSealed, expectSuccess, expectThat } from '../expectations.ts';
import { base64 } from '../../xksClient/keyStoreClient.ts';

const ENCRYPTIONS = 20;

export const encrypt: Section = {
  name: 'encrypt',
  title: 'Encrypt',
  source: 'Specification, "Encrypt"',
  cases: [
    accepts('encrypt', 'MUST', 'a valid Encrypt', ({ store }) => store.call('encrypt')),
    {
      id: 'ciphertext-length',
      level: 'MUST',
      title: 'Returns a ciphertext of the same length as the plaintext',
      expected: 'equal lengths for plaintexts of 1, 15, 16, 17 and 4,096 bytes',
      async run({ store }) {
        for (const length of [1, 15, 16, 17, 4_096]) {
          const { ciphertext } = await seal(store, randomBytes(length));
          expectThat(
            ciphertext.length === length,
            `a ciphertext of ${ciphertext.length} bytes for a plaintext of ${length}`,
          );
        }
      },
    },
    {
      id: 'iv-length',
      level: 'MUST',
      title: 'Returns an IV of 12 or 16 bytes',
      expected: '12 or 16 bytes',
      async run({ store }) {
        const { iv } = await seal(store, randomBytes(32));
        expectThat(IV_BYTES.includes(iv.length), `${iv.length} bytes`);
      },
    },
    {
      id: 'tag-length',
      level: 'MUST',
      title: 'Returns an authentication tag of 16 bytes',
      expected: '16 bytes',
      async run({ store }) {
        const { tag } = await seal(store, randomBytes(32));
        expectThat(tag.length === TAG_BYTES, `${tag.length} bytes`);
      },
    },
    {
      id: 'ciphertext-metadata-length',
      level: 'MUST',
      title: 'Returns at most 20 bytes of ciphertextMetadata',
      expected: 'at most 20 bytes, or no ciphertextMetadata',
      async run({ store }) {
        const { metadata } = await seal(store, randomBytes(32));
        const length = metadata?.length ?? 0;
        expectThat(length <= MAX_CIPHERTEXT_METADATA_BYTES, `${length} bytes`);
      },
    },
    {
      id: 'null-members',
      level: 'MUST',
      title: 'Omits an optional member that has no value',
      expected: 'no member with the value null',
      async run({ store }) {
        const fields = expectSuccess(await store.call('encrypt'));
        const nulls = Object.keys(fields).filter((name) => fields[name] === null);
        expectThat(nulls.length === 0, `null for ${nulls.join(' and ')}`);
      },
    },
    {
      id: 'distinct-ivs',
      level: 'MUST',
      title: 'Never uses the same IV twice',
      expected: `${ENCRYPTIONS} different IVs and ciphertexts from ${ENCRYPTIONS} encryptions of one plaintext`,
      async run({ store }) {
        const plaintext = randomBytes(32);
        const sealed = [];
        for (let count = 0; count < ENCRYPTIONS; count += 1) sealed.push(await seal(store, plaintext));
        const ivs = new Set(sealed.map(({ iv }) => base64(iv))).size;
        const ciphertexts = new Set(sealed.map(({ ciphertext }) => base64(ciphertext))).size;
        expectThat(
          ivs === ENCRYPTIONS && ciphertexts === ENCRYPTIONS,
          `${ivs} different IVs and ${ciphertexts} different ciphertexts`,
        );
      },
    },
    {
      id: 'empty-plaintext',
      level: 'SHOULD',
      title: 'Encrypts an empty plaintext, or refuses it with ValidationException',
      expected: 'an empty ciphertext with IV and tag, or 400 ValidationException',
      async run({ store }) {
        const answer = await store.call('encrypt', { plaintext: '' });
        if (errorNameOf(answer)) expectError(answer, ['ValidationException']);
        else expectThat(expectSealed(answer).ciphertext.length === 0, 'a ciphertext that is not empty');
      },
    },
    refuses('encrypt-no-plaintext', 'MUST', 'Encrypt without plaintext', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { plaintext: undefined }),
    ),
    refuses(
      'encrypt-mistyped-plaintext',
      'MUST',
      'Encrypt whose plaintext is a number',
      ['ValidationException'],
      ({ store }) => store.call('encrypt', { plaintext: 42 }),
    ),
    refuses('encrypt-null-plaintext', 'MUST', 'Encrypt whose plaintext is null', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { plaintext: null }),
    ),
    refuses(
      'encrypt-mistyped-aad',
      'MUST',
      'Encrypt whose additionalAuthenticatedData is an array',
      ['ValidationException'],
      ({ store }) => store.call('encrypt', { additionalAuthenticatedData: ['YQ=='] }),
    ),
    refuses(
      'encrypt-no-algorithm',
      'MUST',
      'Encrypt without encryptionAlgorithm',
      ['ValidationException'],
      ({ store }) => store.call('encrypt', { encryptionAlgorithm: undefined }),
    ),
    refuses(
      'encrypt-unknown-algorithm',
      'MUST',
      'Encrypt with an encryptionAlgorithm other than AES_GCM',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { encryptionAlgorithm: 'AES_CBC' }),
    ),
    refuses(
      'encrypt-algorithm-case',
      'SHOULD',
      'Encrypt with encryptionAlgorithm aes_gcm, in lower case',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { encryptionAlgorithm: 'aes_gcm' }),
    ),
  ],
};

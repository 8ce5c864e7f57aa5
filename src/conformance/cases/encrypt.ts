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
    accepts('encrypt', 'MUST', 'A plaintext is encrypted', ({ store }) => store.call('encrypt')),
    {
      id: 'ciphertext-length',
      level: 'MUST',
      title: 'The ciphertext is as long as the plaintext',
      expected: 'equal lengths for plaintexts of 1, 15, 16, 17 and 4,096 bytes',
      async run({ store }) {
        for (const length of [1, 15, 16, 17, 4_096]) {
          const { ciphertext } = await seal(store, randomBytes(length));
          expectThat(ciphertext.length === length, `${ciphertext.length} bytes for ${length}`);
        }
      },
    },
    {
      id: 'iv-length',
      level: 'MUST',
      title: 'The IV has 12 or 16 bytes',
      expected: '12 or 16 bytes',
      async run({ store }) {
        const { iv } = await seal(store, randomBytes(32));
        expectThat(IV_BYTES.includes(iv.length), `${iv.length} bytes`);
      },
    },
    {
      id: 'tag-length',
      level: 'MUST',
      title: 'The authentication tag has 16 bytes',
      expected: '16 bytes',
      async run({ store }) {
        const { tag } = await seal(store, randomBytes(32));
        expectThat(tag.length === TAG_BYTES, `${tag.length} bytes`);
      },
    },
    {
      id: 'ciphertext-metadata-length',
      level: 'MUST',
      title: 'ciphertextMetadata, if any, has at most 20 bytes',
      expected: 'at most 20 bytes',
      async run({ store }) {
        const { metadata } = await seal(store, randomBytes(32));
        const length = metadata?.length ?? 0;
        expectThat(length <= MAX_CIPHERTEXT_METADATA_BYTES, `${length} bytes`);
      },
    },
    {
      id: 'null-members',
      level: 'MUST',
      title: 'An optional member that has no value is left out',
      expected: 'no member that is null',
      async run({ store }) {
        const fields = expectSuccess(await store.call('encrypt'));
        const nulls = Object.keys(fields).filter((name) => fields[name] === null);
        expectThat(nulls.length === 0, `null for ${nulls.join(' and ')}`);
      },
    },
    {
      id: 'distinct-ivs',
      level: 'MUST',
      title: 'No IV comes twice',
      expected: `${ENCRYPTIONS} encryptions of one plaintext have ${ENCRYPTIONS} IVs and ciphertexts`,
      async run({ store }) {
        const plaintext = randomBytes(32);
        const sealed = [];
        for (let count = 0; count < ENCRYPTIONS; count += 1) sealed.push(await seal(store, plaintext));
        const ivs = new Set(sealed.map(({ iv }) => base64(iv))).size;
        const ciphertexts = new Set(sealed.map(({ ciphertext }) => base64(ciphertext))).size;
        expectThat(ivs === ENCRYPTIONS && ciphertexts === ENCRYPTIONS, `${ivs} IVs and ${ciphertexts} ciphertexts`);
      },
    },
    {
      id: 'empty-plaintext',
      level: 'SHOULD',
      title: 'An empty plaintext has a definite answer',
      expected: 'an empty ciphertext with IV and tag, or 400 ValidationException',
      async run({ store }) {
        const answer = await store.call('encrypt', { plaintext: '' });
        if (errorNameOf(answer)) expectError(answer, ['ValidationException']);
        else expectThat(expectSealed(answer).ciphertext.length === 0, 'a ciphertext that is not empty');
      },
    },
    refuses('encrypt-no-plaintext', 'MUST', 'plaintext is missing', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { plaintext: undefined }),
    ),
    refuses('encrypt-mistyped-plaintext', 'MUST', 'plaintext is a number', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { plaintext: 42 }),
    ),
    refuses('encrypt-null-plaintext', 'MUST', 'plaintext is null', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { plaintext: null }),
    ),
    refuses('encrypt-mistyped-aad', 'MUST', 'The AAD is an array', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { additionalAuthenticatedData: ['YQ=='] }),
    ),
    refuses('encrypt-no-algorithm', 'MUST', 'encryptionAlgorithm is missing', ['ValidationException'], ({ store }) =>
      store.call('encrypt', { encryptionAlgorithm: undefined }),
    ),
    refuses(
      'encrypt-unknown-algorithm',
      'MUST',
      'encryptionAlgorithm is not AES_GCM',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { encryptionAlgorithm: 'AES_CBC' }),
    ),
    refuses(
      'encrypt-algorithm-case',
      'SHOULD',
      'encryptionAlgorithm in lower case',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { encryptionAlgorithm: 'aes_gcm' }),
    ),
  ],
};

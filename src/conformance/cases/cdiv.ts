import { randomBytes } from 'node:crypto';
import { computeCdiv } from '../../xks/cdiv.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import { brokenRule } from '../causes.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { describeValue, expectPlaintext, expectThat, isAbsent } from '../expectations.ts';
import { base64 } from '../../xksClient/keyStoreClient.ts';

const WRONG_CDIV = brokenRule('The ciphertextDataIntegrityValue of answers is wrong');

const ASKED = { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' };

function verified(id: string, title: string, length: number, aad: Uint8Array | undefined): ConformanceCase {
  return {
    id,
    level: 'MUST',
    title,
    expected:
      'Base64 of the SHA-256 of AAD, metadata, IV, ciphertext and tag, in an answer that decrypts to the plaintext',
    async run({ store }) {
      const plaintext = randomBytes(length);
      const additionalAuthenticatedData = aad && base64(aad);
      const sealed = await seal(store, plaintext, { ...ASKED, additionalAuthenticatedData });
      const empty = new Uint8Array();
      const cdiv = computeCdiv({ ...sealed, aad: aad ?? empty, ciphertextMetadata: sealed.metadata ?? empty });
      expectThat(sealed.cdiv === cdiv, `${describeValue(sealed.cdiv)} instead of "${cdiv}"`, WRONG_CDIV);
      const fields = { ...sealedFields(sealed), additionalAuthenticatedData };
      expectPlaintext(await store.call('decrypt', fields), plaintext);
    },
  };
}

export const cdiv: Section = {
  name: 'cdiv',
  title: 'Ciphertext data integrity value (CDIV)',
  source: 'Specification, "Encrypt" and Appendix C',
  cases: [
    verified(
      'cdiv-with-aad',
      'Returns the right CDIV for a request with an AAD',
      12,
      Buffer.from('project=nile,department=marketing'),
    ),
    verified('cdiv-without-aad', 'Returns the right CDIV for a request without an AAD', 12, undefined),
    verified(
      'cdiv-large',
      'Returns the right CDIV for a plaintext of 4,096 bytes with an AAD of 8,192 bytes',
      4_096,
      Buffer.alloc(8_192, 'a'),
    ),
    {
      id: 'cdiv-not-asked-for',
      level: 'SHOULD',
      title: 'Returns no CDIV unless the request asks for it',
      expected: 'no ciphertextDataIntegrityValue',
      async run({ store }) {
        const sealed = await seal(store, randomBytes(12));
        expectThat(isAbsent(sealed.cdiv), `ciphertextDataIntegrityValue ${describeValue(sealed.cdiv)}`);
      },
    },
    refuses(
      'cdiv-unknown-algorithm',
      'MUST',
      'Encrypt with a ciphertextDataIntegrityValueAlgorithm other than SHA_256',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { ciphertextDataIntegrityValueAlgorithm: 'SHA_512' }),
    ),
  ],
};

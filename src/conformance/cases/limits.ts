import { randomBytes } from 'node:crypto';
import { MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES } from '../../xks/limits.ts';
import { XKS_ERROR_STATUS } from '../../xks/errors.ts';
import { acceptsOrRefuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { describeAnswer } from '../describeExchange.ts';
import { errorNameOf } from '../errorNameOf.ts';
import { expectPlaintext, expectSuccess, expectThat } from '../expectations.ts';
import { base64, type JsonObject, type Operation } from '../../xksClient/keyStoreClient.ts';

/** Length of an AAD that does not fit into the two bytes of the specification. */
const ENDLESS_AAD_BYTES = 65_536;
const LARGE_BODY_BYTES = 1_048_576;

function works(id: string, title: string, plaintextBytes: number, aadBytes: number): ConformanceCase {
  return {
    id,
    level: 'MUST',
    title,
    expected: 'the same plaintext after encryption and decryption',
    async run({ store }) {
      const plaintext = randomBytes(plaintextBytes);
      const additionalAuthenticatedData = base64(randomBytes(aadBytes));
      const sealed = await seal(store, plaintext, { additionalAuthenticatedData });
      const fields = { ...sealedFields(sealed), additionalAuthenticatedData };
      expectPlaintext(await store.call('decrypt', fields), plaintext);
    },
  };
}

function survives(id: string, title: string, operation: Operation, fields: () => JsonObject): ConformanceCase {
  return {
    id,
    level: 'MUST',
    title,
    expected: 'an error of the specification other than InternalException, and then an answer to the next request',
    disruptive: true,
    async run({ store }) {
      const answer = await store.call(operation, fields());
      const name = errorNameOf(answer);
      const refused = name !== undefined && name !== 'InternalException' && XKS_ERROR_STATUS[name] === answer.status;
      expectThat(refused, describeAnswer(answer));
      expectSuccess(await store.call('health'));
    },
  };
}

export const limits: Section = {
  name: 'limits',
  title: 'Limits',
  source: 'Specification, "Encrypt", "Decrypt" and "Error codes"',
  cases: [
    works('largest-plaintext', 'Encrypts and decrypts a plaintext of 4,300 bytes', MAX_PLAINTEXT_BYTES, 0),
    works('largest-aad', 'Encrypts and decrypts with an AAD of 8,192 bytes', 32, MAX_AAD_BYTES),
    works(
      'largest-both',
      'Encrypts and decrypts a plaintext of 4,300 bytes with an AAD of 8,192 bytes',
      MAX_PLAINTEXT_BYTES,
      MAX_AAD_BYTES,
    ),
    acceptsOrRefuses(
      'plaintext-above-limit',
      'SHOULD',
      'a plaintext of 16,384 bytes',
      ['UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { plaintext: base64(randomBytes(16_384)) }),
    ),
    acceptsOrRefuses(
      'aad-above-limit',
      'SHOULD',
      'an AAD of 32,768 bytes',
      ['UnsupportedOperationException'],
      ({ store }) => store.call('encrypt', { additionalAuthenticatedData: base64(randomBytes(32_768)) }),
    ),
    survives('large-body', 'Refuses a body of more than 1 MiB, and goes on serving', 'encrypt', () => ({
      plaintext: base64(Buffer.alloc(LARGE_BODY_BYTES)),
    })),
    survives(
      'endless-aad-encrypt',
      'Refuses Encrypt with an AAD of 65,536 bytes, and goes on serving',
      'encrypt',
      () => ({
        additionalAuthenticatedData: base64(Buffer.alloc(ENDLESS_AAD_BYTES)),
      }),
    ),
    survives(
      'endless-aad-decrypt',
      'Refuses Decrypt with an AAD of 65,536 bytes, and goes on serving',
      'decrypt',
      () => ({
        additionalAuthenticatedData: base64(Buffer.alloc(ENDLESS_AAD_BYTES)),
      }),
    ),
  ],
};

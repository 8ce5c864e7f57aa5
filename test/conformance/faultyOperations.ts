import { randomBytes } from 'node:crypto';
import type { Json } from '../support/fakeXksProxy.ts';
import type { Faults } from './faults.ts';
import { amends, answers, refuses, replaces } from './faultySteps.ts';

const KEY_OPERATIONS = ['metadata', 'encrypt', 'decrypt'];
const OPERATIONS = ['health', ...KEY_OPERATIONS];
const COMPLETE_METADATA = { kmsRequestId: 'r', kmsOperation: 'o', awsPrincipalArn: 'p', kmsKeyArn: 'k' };
const INTERNAL = { status: 500, body: { errorName: 'InternalException' } };

/** Faults of transport, operations and limits. */
export const faultyOperations: Faults = {
  transport: [
    [
      'other methods are served',
      replaces(405, { status: 200, body: {} }),
      [...OPERATIONS.map((operation) => `get-${operation}`), 'get-unsigned', 'put', 'allow-header'],
    ],
    ['405 without Allow', replaces(405, { headers: {} }), ['allow-header']],
    ['a success without Content-Type', replaces(200, { headers: {} }), ['content-type-of-success']],
    ['an error without Content-Type', replaces(400, { headers: {} }), ['content-type-of-errors']],
    [
      'connections are closed',
      { reply: (reply) => ({ ...reply, headers: { ...reply.headers, connection: 'close' } }) },
      ['connection-reuse'],
    ],
    [
      'chunks are refused',
      replaces(200, { status: 411 }, ({ headers }) => headers.has('transfer-encoding')),
      ['chunked'],
    ],
  ],
  health: [
    ['a fleet of none', answers('health', { xksProxyFleetSize: 0 }), ['health-fleet-size']],
    ['no vendor', answers('health', { ekmVendor: undefined }), ['health-names']],
    ['a model without version', answers('health', { xksProxyModel: 'fake' }), ['health-model-version']],
    ['no key managers', answers('health', { ekmFleetDetails: [] }), ['health-fleet-details']],
    ['a key manager that is null', answers('health', { ekmFleetDetails: [null] }), ['health-fleet-details']],
    [
      'a health status of its own',
      answers('health', { ekmFleetDetails: [{ id: '1', model: 'm', healthStatus: 'OK' }] }),
      ['health-fleet-details'],
    ],
    [
      'known KMS operations only',
      refuses(({ kmsOperation }) => kmsOperation === 'CheckOfTheFuture'),
      ['health-for-CheckOfTheFuture'],
    ],
    [
      'no validation',
      amends(() => ({ requestMetadata: COMPLETE_METADATA })),
      ['health-no-metadata', 'health-empty-metadata'],
    ],
  ],
  'key-metadata': [
    ['another keySpec', answers('metadata', { keySpec: 'RSA_0' }), ['key-spec']],
    ['no keyUsage', answers('metadata', { keyUsage: undefined }), ['key-usage']],
    [
      'eleven usages',
      answers('metadata', { keyUsage: ['ENCRYPT', 'DECRYPT', ...Array<string>(9).fill('WRAP')] }),
      ['key-usage'],
    ],
    ['another keyStatus', answers('metadata', { keyStatus: 'ACTIVE' }), ['key-status']],
    ['not an object', replaces(200, { body: ['AES_256'] }), ['key-spec', 'key-usage', 'key-status']],
  ],
  encrypt: [
    ['one IV for all', { newIv: () => Buffer.alloc(12) }, ['distinct-ivs']],
    ['an IV of 8 bytes', { newIv: () => randomBytes(8) }, ['iv-length']],
    ['a tag of 12 bytes', answers('encrypt', { authenticationTag: 'A'.repeat(16) }), ['tag-length']],
    [
      'a ciphertext of another length',
      answers('encrypt', { ciphertext: 'A'.repeat(44) }),
      ['ciphertext-length', 'distinct-ivs', 'empty-plaintext'],
    ],
    [
      'metadata of 21 bytes',
      answers('encrypt', { ciphertextMetadata: 'A'.repeat(28) }),
      ['ciphertext-metadata-length'],
    ],
    [
      'any algorithm',
      amends(() => ({ encryptionAlgorithm: 'AES_GCM' })),
      ['encrypt-no-algorithm', 'encrypt-unknown-algorithm', 'encrypt-algorithm-case'],
    ],
    [
      'an absent plaintext is empty',
      amends(({ plaintext = '' }) => ({ plaintext: plaintext ?? '' })),
      ['encrypt-no-plaintext', 'encrypt-null-plaintext'],
    ],
    [
      'a number is a text',
      amends(({ plaintext }) => ({ plaintext: plaintext === 42 ? 'NDI=' : plaintext })),
      ['encrypt-mistyped-plaintext'],
    ],
  ],
  decrypt: [
    ['ciphertext and tag are joined', amends(rejoinTag), ['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext']],
    ['the metadata is not authenticated', { frameAad: (aad) => aad }, ['changed-metadata', 'missing-metadata']],
    [
      'the AAD has no lengths',
      { frameAad: (aad, metadata) => Buffer.concat([aad, metadata]) },
      ['metadata-as-aad', 'aad-as-metadata', 'aad-moved-to-metadata'],
    ],
    [
      'the AAD is not authenticated',
      { frameAad: (_aad, metadata) => metadata },
      ['changed-aad', 'missing-aad', 'added-aad'],
    ],
    [
      'an empty AAD is not an absent one',
      amends(({ additionalAuthenticatedData: aad }) => ({
        additionalAuthenticatedData: aad === '' ? 'AA==' : (aad ?? ''),
      })),
      ['empty-aad'],
    ],
    ['ReEncrypt is unknown', refuses(({ kmsOperation }) => kmsOperation === 'ReEncrypt'), ['round-trip-reencrypt']],
    [
      'any algorithm',
      amends(() => ({ encryptionAlgorithm: 'AES_GCM' })),
      ['decrypt-no-algorithm', 'decrypt-unknown-algorithm'],
    ],
  ],
  cdiv: [
    [
      'always a value, and a wrong one',
      answers('encrypt', { ciphertextDataIntegrityValue: 'AAAA' }),
      ['cdiv-with-aad', 'cdiv-without-aad', 'cdiv-large', 'cdiv-not-asked-for'],
    ],
    [
      'any algorithm',
      amends(({ ciphertextDataIntegrityValueAlgorithm: algorithm }) =>
        algorithm ? { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' } : {},
      ),
      ['cdiv-unknown-algorithm'],
    ],
  ],
  limits: [
    [
      'plaintexts of 4,096 bytes only',
      amends(({ plaintext }) => ({ plaintext: String(plaintext).length > 5_464 ? undefined : plaintext })),
      ['largest-plaintext', 'largest-both', 'plaintext-above-limit'],
    ],
    [
      'large bodies are answered by something else',
      replaces(501, { status: 413, body: undefined }),
      ['plaintext-above-limit', 'aad-above-limit', 'large-body', 'endless-aad-encrypt', 'endless-aad-decrypt'],
    ],
    [
      'a long AAD is an internal error',
      replaces(501, INTERNAL, ({ body }) => body.length > 80_000 && body.length < 100_000),
      ['endless-aad-encrypt', 'endless-aad-decrypt'],
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

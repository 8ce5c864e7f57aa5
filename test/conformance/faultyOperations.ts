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
      'serves other methods',
      replaces(405, { status: 200, body: {} }),
      [...OPERATIONS.map((operation) => `get-${operation}`), 'get-unsigned', 'put', 'allow-header'],
    ],
    ['sends 405 without Allow', replaces(405, { headers: {} }), ['allow-header']],
    ['sends a success without Content-Type', replaces(200, { headers: {} }), ['content-type-of-success']],
    ['sends an error without Content-Type', replaces(400, { headers: {} }), ['content-type-of-errors']],
    [
      'closes each connection after one answer',
      { reply: (reply) => ({ ...reply, headers: { ...reply.headers, connection: 'close' } }) },
      ['connection-reuse'],
    ],
    [
      'refuses chunked bodies',
      replaces(200, { status: 411 }, ({ headers }) => headers.has('transfer-encoding')),
      ['chunked'],
    ],
  ],
  health: [
    ['reports a fleet size of 0', answers('health', { xksProxyFleetSize: 0 }), ['health-fleet-size']],
    ['reports no vendor', answers('health', { ekmVendor: undefined }), ['health-names']],
    ['reports a model without a version', answers('health', { xksProxyModel: 'fake' }), ['health-model-version']],
    ['reports no key managers', answers('health', { ekmFleetDetails: [] }), ['health-fleet-details']],
    ['reports null as a key manager', answers('health', { ekmFleetDetails: [null] }), ['health-fleet-details']],
    [
      'reports a health status of its own',
      answers('health', { ekmFleetDetails: [{ id: '1', model: 'm', healthStatus: 'OK' }] }),
      ['health-fleet-details'],
    ],
    [
      'refuses unknown KMS operations',
      refuses(({ kmsOperation }) => kmsOperation === 'CheckOfTheFuture'),
      ['health-for-CheckOfTheFuture'],
    ],
    [
      'does not validate GetHealthStatus',
      amends(() => ({ requestMetadata: COMPLETE_METADATA })),
      ['health-no-metadata', 'health-empty-metadata'],
    ],
  ],
  'key-metadata': [
    ['reports another keySpec', answers('metadata', { keySpec: 'RSA_0' }), ['key-spec']],
    ['reports no keyUsage', answers('metadata', { keyUsage: undefined }), ['key-usage']],
    [
      'reports eleven usages',
      answers('metadata', { keyUsage: ['ENCRYPT', 'DECRYPT', ...Array<string>(9).fill('WRAP')] }),
      ['key-usage'],
    ],
    ['reports another keyStatus', answers('metadata', { keyStatus: 'ACTIVE' }), ['key-status']],
    [
      'returns an array instead of an object',
      replaces(200, { body: ['AES_256'] }),
      ['key-spec', 'key-usage', 'key-status'],
    ],
  ],
  encrypt: [
    ['uses one IV for all encryptions', { newIv: () => Buffer.alloc(12) }, ['distinct-ivs']],
    ['returns an IV of 8 bytes', { newIv: () => randomBytes(8) }, ['iv-length']],
    ['returns a tag of 12 bytes', answers('encrypt', { authenticationTag: 'A'.repeat(16) }), ['tag-length']],
    [
      'returns a ciphertext of another length',
      answers('encrypt', { ciphertext: 'A'.repeat(44) }),
      ['ciphertext-length', 'distinct-ivs', 'empty-plaintext'],
    ],
    [
      'returns ciphertextMetadata of 21 bytes',
      answers('encrypt', { ciphertextMetadata: 'A'.repeat(28) }),
      ['ciphertext-metadata-length'],
    ],
    [
      'accepts any algorithm',
      amends(() => ({ encryptionAlgorithm: 'AES_GCM' })),
      ['encrypt-no-algorithm', 'encrypt-unknown-algorithm', 'encrypt-algorithm-case'],
    ],
    [
      'treats an absent plaintext as empty',
      amends(({ plaintext = '' }) => ({ plaintext: plaintext ?? '' })),
      ['encrypt-no-plaintext', 'encrypt-null-plaintext'],
    ],
    [
      'treats a number as a plaintext',
      amends(({ plaintext }) => ({ plaintext: plaintext === 42 ? 'NDI=' : plaintext })),
      ['encrypt-mistyped-plaintext'],
    ],
  ],
  decrypt: [
    ['joins ciphertext and tag', amends(rejoinTag), ['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext']],
    ['does not authenticate the metadata', { frameAad: (aad) => aad }, ['changed-metadata', 'missing-metadata']],
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
  cdiv: [
    [
      'always returns a CDIV, and a wrong one',
      answers('encrypt', { ciphertextDataIntegrityValue: 'AAAA' }),
      ['cdiv-with-aad', 'cdiv-without-aad', 'cdiv-large', 'cdiv-not-asked-for'],
    ],
    [
      'accepts any algorithm',
      amends(({ ciphertextDataIntegrityValueAlgorithm: algorithm }) =>
        algorithm ? { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' } : {},
      ),
      ['cdiv-unknown-algorithm'],
    ],
  ],
  limits: [
    [
      'refuses plaintexts of more than 4,096 bytes',
      amends(({ plaintext }) => ({ plaintext: String(plaintext).length > 5_464 ? undefined : plaintext })),
      ['largest-plaintext', 'largest-both', 'plaintext-above-limit'],
    ],
    [
      'answers large bodies without an errorName, as a gateway does',
      replaces(501, { status: 413, body: undefined }),
      ['plaintext-above-limit', 'aad-above-limit', 'large-body', 'endless-aad-encrypt', 'endless-aad-decrypt'],
    ],
    [
      'answers a long AAD with InternalException',
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

import { randomBytes } from 'node:crypto';
import type { SignedRequest } from '../../src/sigv4/signatureVerifier.ts';
import type { Faults } from './faults.ts';
import { amends, answers, COMPLETE_METADATA, errorReply, refuses, replaces, type FaultySteps } from './faultySteps.ts';

/** Faults of operations other than Decrypt, and of limits. */
export const faultyOperations: Faults = {
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
      'knows only the operations on custom key stores',
      refuses(({ kmsOperation }) => !String(kmsOperation).endsWith('CustomKeyStore')),
      [
        ...['health-for-KmsHealthCheck', 'health-for-CheckOfTheFuture'],
        ...['health-unknown-fields', 'health-opaque-request-id'],
        ...['health-fleet-size', 'health-names', 'health-model-version', 'health-fleet-details'],
      ],
    ],
    [
      'knows only KmsHealthCheck',
      refuses(({ kmsOperation }) => kmsOperation !== 'KmsHealthCheck'),
      ['Create', 'Connect', 'Update']
        .map((change) => `health-for-${change}CustomKeyStore`)
        .concat('health-for-CheckOfTheFuture'),
    ],
    ['refuses unknown fields', refuses((metadata) => 'sourceIdentity' in metadata), ['health-unknown-fields']],
    [
      'requires a UUID as kmsRequestId',
      refuses(({ kmsRequestId }) => !/^[\da-f-]{36}$/.test(String(kmsRequestId))),
      ['health-opaque-request-id'],
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
    [
      'answers 201 instead of 200',
      replaces(200, { status: 201 }, ({ path }) => path.endsWith('/encrypt')),
      [
        ...['encrypt', 'ciphertext-length', 'iv-length', 'tag-length', 'ciphertext-metadata-length'],
        ...['null-members', 'distinct-ivs', 'empty-plaintext'],
      ],
    ],
    [
      'sends null for members without a value',
      answers('encrypt', { ciphertextDataIntegrityValue: null }),
      ['null-members'],
    ],
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
    [
      'converts an array to an AAD',
      amends(({ additionalAuthenticatedData: aad }) =>
        Array.isArray(aad) ? { additionalAuthenticatedData: String(aad) } : {},
      ),
      ['encrypt-mistyped-aad'],
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
      'refuses AADs of more than 4,096 bytes',
      amends(({ additionalAuthenticatedData: aad }) => ({
        additionalAuthenticatedData: String(aad).length > 5_464 ? undefined : (aad ?? ''),
      })),
      ['largest-aad', 'largest-both', 'aad-above-limit'],
    ],
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
      'serves nothing after a body of more than 1 MiB',
      stopsAfter(({ body }) => body.length > 1_048_576),
      ['large-body', 'endless-aad-encrypt', 'endless-aad-decrypt'],
    ],
    [
      'answers a long AAD with InternalException',
      replaces(501, errorReply('InternalException'), ({ body }) => body.length > 80_000 && body.length < 100_000),
      ['endless-aad-encrypt', 'endless-aad-decrypt'],
    ],
  ],
};

/** Refuses all requests after one of these. */
function stopsAfter(isLast: (request: SignedRequest) => boolean): FaultySteps {
  let hasStopped = false;
  return {
    reply: (reply, request) => {
      if (hasStopped) return { ...reply, ...errorReply('DependencyTimeoutException') };
      hasStopped = isLast(request);
      return reply;
    },
  };
}

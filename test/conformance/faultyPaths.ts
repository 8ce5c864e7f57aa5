import { KEY_OPERATIONS } from '../../src/xksClient/keyStoreClient.ts';
import type { Faults } from './faults.ts';
import { errorReply, misreports, replaces, serves } from './faultySteps.ts';

const SPELLINGS = [
  ...['trailing-slash', 'double-slash', 'leading-slash', 'dot', 'dot-dot', 'encoded-dots', 'encoded-letter'],
  ...['encoded-slash', 'operation-case', 'prefix-case', 'query', 'empty-query', 'path-parameter'],
];

/** Faults of paths and of error answers. */
export const faultyPaths: Faults = {
  'uri-paths': [
    [
      'answers unknown paths with the text of its framework',
      misreports('InvalidUriPathException', { body: 'Not Found' }),
      [
        ...['unknown-prefix', 'unknown-operation', 'no-operation', 'unknown-version', 'below-health'],
        ...['unknown-path-unsigned', 'key-id-too-long'],
        ...[1, 2, 3, 4].map((index) => `key-id-invalid-${index}`),
        ...SPELLINGS.map((id) => `spelling-${id}`),
      ],
    ],
    ['ignores parts of a prefix', serves((path) => path.replace('/conformance-unknown/', '/')), ['unknown-prefix']],
    ['serves every API version', serves((path) => path.replace('/xks/v2/', '/xks/v1/')), ['unknown-version']],
    [
      'serves GetKeyMetadata for every other operation on a key, or none',
      serves((path) => path.replace(/(\/keys\/[^/]+)(\/sign)?$/, '$1/metadata')),
      ['unknown-operation', 'no-operation'],
    ],
    [
      'serves everything below a path',
      serves((path) => path.replace(/(health|metadata)\/.*$/, '$1')),
      ['below-health', 'spelling-trailing-slash'],
    ],
    [
      'allows no periods and underscores in key ids',
      replaces(404, errorReply('InvalidUriPathException'), ({ path }) => /\/keys\/[^/]*[._]/.test(path)),
      ['key-id-characters'],
    ],
    [
      'allows key ids of at most 100 characters',
      replaces(404, errorReply('InvalidUriPathException'), ({ path }) => /\/keys\/[^/]{101}/.test(path)),
      ['longest-key-id'],
    ],
    ['serves a path with a trailing slash', serves((path) => path.replace(/\/$/, '')), ['spelling-trailing-slash']],
    [
      'collapses slashes',
      serves((path) => path.replaceAll(/\/+/g, '/')),
      ['spelling-double-slash', 'spelling-leading-slash'],
    ],
    [
      'resolves dot segments',
      serves((path) => path.replace(/\/x\/(\.\.|%2e%2e)\/|\/\.\//, '/')),
      ['spelling-dot', 'spelling-dot-dot', 'spelling-encoded-dots'],
    ],
    [
      'decodes escapes in the path',
      serves((path) => (path.includes('%C3') ? path : decodeURIComponent(path))),
      ['spelling-encoded-letter', 'spelling-encoded-slash'],
    ],
    [
      'ignores the case of the path',
      serves((path) => path.toLowerCase()),
      ['spelling-operation-case', 'spelling-prefix-case'],
    ],
    ['ignores a query', serves((path) => path.replace(/\?.*$/, '')), ['spelling-query', 'spelling-empty-query']],
    ['ignores path parameters', serves((path) => path.replace(/;.*$/, '')), ['spelling-path-parameter']],
    [
      'authenticates before it checks the path',
      replaces(404, errorReply('AuthenticationFailedException'), ({ headers }) => !headers.has('authorization')),
      ['unknown-path-unsigned'],
    ],
    [
      'answers an unknown key with InternalException',
      replaces(404, errorReply('InternalException'), ({ path }) => path.includes('unknown-key')),
      KEY_OPERATIONS.map((operation) => `unknown-key-${operation}`),
    ],
  ],
  errors: [
    ['sends an errorName of its own', replaces(404, { body: { errorName: 'NoSuchKey' } }), ['error-names']],
    ['sends an errorName with another status', replaces(404, { status: 400 }), ['error-names']],
    ['sends errors with status 200', { reply: (reply) => ({ ...reply, status: 200 }) }, ['error-names']],
    [
      'never sends an error',
      { reply: (reply) => ({ ...reply, status: 200, body: {} }) },
      ['error-names', 'error-messages', 'no-internal-errors'],
    ],
    ['sends errors without JSON', replaces(401, { body: 'Unauthorized' }), ['error-names']],
    [
      'sends a long errorMessage',
      replaces(401, errorReply('AuthenticationFailedException', 'm'.repeat(512))),
      ['error-messages'],
    ],
    [
      'sends an errorMessage that is not ASCII',
      replaces(401, errorReply('AuthenticationFailedException', '\u00a7')),
      ['error-messages'],
    ],
    [
      'answers invalid input with InternalException',
      replaces(400, errorReply('InternalException')),
      ['no-internal-errors'],
    ],
  ],
};

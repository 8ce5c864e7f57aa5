import { gunzipSync } from 'node:zlib';
import type { Faults } from './faults.ts';
import { amends, refuses, replaces, serves } from './faultySteps.ts';

const KEY_OPERATIONS = ['metadata', 'encrypt', 'decrypt'];
const COMPLETE_METADATA = { kmsRequestId: 'r', kmsOperation: 'o', awsPrincipalArn: 'p', kmsKeyArn: 'k' };
const FIELDS_OF_KEY_OPERATIONS = [
  ...KEY_OPERATIONS.flatMap((operation) =>
    ['kmsRequestId', 'kmsOperation', 'awsPrincipalArn'].map((field) => `${field}-${operation}`),
  ),
  'kmsKeyArn-encrypt',
  'kmsKeyArn-decrypt',
];
const LOOSE_BASE64 = ['url-safe', 'unpadded', 'space', 'newline', 'padding-bits', 'trailing'];
const UNAUTHENTICATED = { status: 401, body: { errorName: 'AuthenticationFailedException' } };
const INTERNAL = { status: 500, body: { errorName: 'InternalException' } };

/** Faults in the validation of input and in the errors for invalid input. */
export const faultyInput: Faults = {
  base64: [
    [
      'decodes Base64 leniently',
      amends((body) => Object.fromEntries(Object.entries(body).map(([name, value]) => [name, respell(name, value)]))),
      [
        'base64-none-plaintext',
        'base64-none-additionalAuthenticatedData',
        ...LOOSE_BASE64.flatMap((id) => [`base64-${id}-plaintext`, `base64-${id}-additionalAuthenticatedData`]),
        'base64-unpadded-ciphertext',
        'base64-unpadded-tag',
        'base64-newline-iv',
      ],
    ],
  ],
  'request-metadata': [
    [
      'does not validate the fields of requestMetadata',
      amends(({ requestMetadata: given }) => (isFilledObject(given) ? { requestMetadata: COMPLETE_METADATA } : {})),
      [...FIELDS_OF_KEY_OPERATIONS.map((id) => `no-${id}`), ...FIELDS_OF_KEY_OPERATIONS.map((id) => `mistyped-${id}`)],
    ],
    [
      'accepts requests without requestMetadata',
      amends(({ requestMetadata = COMPLETE_METADATA }) => ({ requestMetadata })),
      KEY_OPERATIONS.map((operation) => `no-metadata-${operation}`),
    ],
    [
      'requires a UUID as kmsRequestId',
      refuses(({ kmsRequestId }) => !/^[\da-f-]{36}$/.test(String(kmsRequestId))),
      ['opaque-request-id', 'long-request-id'],
    ],
    [
      'requires an ARN as awsPrincipalArn',
      refuses(({ awsPrincipalArn: arn }) => typeof arn === 'string' && !arn.startsWith('arn:')),
      ['principal-aws-internal', 'principal-service'],
    ],
    [
      'refuses ARNs of more than 1,024 characters',
      refuses((metadata) => Object.values(metadata).some((value) => String(value).length > 1_024)),
      ['longest-principal-arn', 'longest-key-arn'],
    ],
    [
      'refuses unknown fields',
      refuses((metadata) => 'sourceIdentity' in metadata),
      KEY_OPERATIONS.map((operation) => `unknown-fields-${operation}`),
    ],
    [
      'refuses unknown KMS operations',
      refuses(({ kmsOperation }) => String(kmsOperation).includes('Future')),
      KEY_OPERATIONS.map((operation) => `unknown-kms-operation-${operation}`),
    ],
    ['refuses optional fields', refuses((metadata) => 'kmsViaService' in metadata), ['optional-fields']],
    [
      'refuses a kmsKeyArn in GetKeyMetadata',
      refuses(({ kmsOperation }) => kmsOperation === 'DescribeKey'),
      ['metadata-with-key-arn'],
    ],
  ],
  'malformed-bodies': [
    ['replaces bytes that are not UTF-8', { parse: (body) => parseJson(Buffer.from(body).toString()) }, ['body-utf-8']],
    ['decompresses gzip', { parse: (body) => parseJson(inflate(body)) }, ['body-gzip']],
    [
      'ignores characters after the JSON',
      { parse: (body) => parseJson(decode(body).replace(/\]$/, '')) },
      ['body-trailing'],
    ],
    ['unwraps arrays', { parse: (body) => [parseJson(decode(body))].flat()[0] }, ['body-array']],
    ['parses strings again', { parse: (body) => parseAgain(parseJson(decode(body))) }, ['body-string']],
    [
      'uses __proto__ as the prototype',
      { parse: (body) => Object.assign({}, parseJson(decode(body).replace(/^\{"__proto__":(.*)\}$/, '$1'))) },
      ['body-prototype'],
    ],
    [
      'answers deep nesting with InternalException',
      replaces(200, INTERNAL, ({ body }) => body.length > 20_000),
      ['body-nested'],
    ],
  ],
  'uri-paths': [
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
      replaces(404, UNAUTHENTICATED, ({ headers }) => !headers.has('authorization')),
      ['unknown-path-unsigned'],
    ],
    [
      'answers an unknown key with InternalException',
      replaces(404, INTERNAL, ({ path }) => path.includes('unknown-key')),
      KEY_OPERATIONS.map((operation) => `unknown-key-${operation}`),
    ],
  ],
  errors: [
    ['sends an errorName of its own', replaces(404, { body: { errorName: 'NoSuchKey' } }), ['error-names']],
    ['sends an errorName with another status', replaces(404, { status: 400 }), ['error-names']],
    ['sends errors without JSON', replaces(401, { body: 'Unauthorized' }), ['error-names']],
    [
      'sends a long errorMessage',
      replaces(401, { body: { ...UNAUTHENTICATED.body, errorMessage: 'm'.repeat(512) } }),
      ['error-messages'],
    ],
    [
      'sends an errorMessage that is not ASCII',
      replaces(401, { body: { ...UNAUTHENTICATED.body, errorMessage: '\u00a7' } }),
      ['error-messages'],
    ],
    ['answers invalid input with InternalException', replaces(400, INTERNAL), ['no-internal-errors']],
  ],
};

function respell(name: string, value: unknown): unknown {
  const isText = typeof value === 'string' && name !== 'encryptionAlgorithm';
  return isText ? Buffer.from(value, 'base64').toString('base64') : value;
}

function isFilledObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function parseAgain(value: unknown): unknown {
  return typeof value === 'string' ? parseJson(value) : value;
}

function decode(body: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}

function inflate(body: Uint8Array): string {
  return decode(body[0] === 0x1f ? gunzipSync(body) : body);
}

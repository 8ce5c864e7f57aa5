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
      'a decoder that guesses',
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
      'fields are not looked at',
      amends(({ requestMetadata: given }) => (isFilledObject(given) ? { requestMetadata: COMPLETE_METADATA } : {})),
      [...FIELDS_OF_KEY_OPERATIONS.map((id) => `no-${id}`), ...FIELDS_OF_KEY_OPERATIONS.map((id) => `mistyped-${id}`)],
    ],
    [
      'it may be missing',
      amends(({ requestMetadata = COMPLETE_METADATA }) => ({ requestMetadata })),
      KEY_OPERATIONS.map((operation) => `no-metadata-${operation}`),
    ],
    [
      'kmsRequestId must be a UUID',
      refuses(({ kmsRequestId }) => !/^[\da-f-]{36}$/.test(String(kmsRequestId))),
      ['opaque-request-id', 'long-request-id'],
    ],
    [
      'awsPrincipalArn must be an ARN',
      refuses(({ awsPrincipalArn: arn }) => typeof arn === 'string' && !arn.startsWith('arn:')),
      ['principal-aws-internal', 'principal-service'],
    ],
    [
      'ARNs have 1,024 characters',
      refuses((metadata) => Object.values(metadata).some((value) => String(value).length > 1_024)),
      ['longest-principal-arn', 'longest-key-arn'],
    ],
    [
      'unknown fields are refused',
      refuses((metadata) => 'sourceIdentity' in metadata),
      KEY_OPERATIONS.map((operation) => `unknown-fields-${operation}`),
    ],
    [
      'unknown KMS operations are refused',
      refuses(({ kmsOperation }) => String(kmsOperation).includes('Future')),
      KEY_OPERATIONS.map((operation) => `unknown-kms-operation-${operation}`),
    ],
    ['optional fields are refused', refuses((metadata) => 'kmsViaService' in metadata), ['optional-fields']],
    [
      'kmsKeyArn is not of GetKeyMetadata',
      refuses(({ kmsOperation }) => kmsOperation === 'DescribeKey'),
      ['metadata-with-key-arn'],
    ],
  ],
  'malformed-bodies': [
    [
      'bytes that are not UTF-8 are replaced',
      { parse: (body) => parseJson(Buffer.from(body).toString()) },
      ['body-utf-8'],
    ],
    ['gzip is inflated', { parse: (body) => parseJson(inflate(body)) }, ['body-gzip']],
    ['the rest is ignored', { parse: (body) => parseJson(decode(body).replace(/\]$/, '')) }, ['body-trailing']],
    ['arrays are unwrapped', { parse: (body) => [parseJson(decode(body))].flat()[0] }, ['body-array']],
    ['strings are parsed again', { parse: (body) => parseAgain(parseJson(decode(body))) }, ['body-string']],
    [
      '__proto__ is the prototype',
      { parse: (body) => Object.assign({}, parseJson(decode(body).replace(/^\{"__proto__":(.*)\}$/, '$1'))) },
      ['body-prototype'],
    ],
    ['nesting is an internal error', replaces(200, INTERNAL, ({ body }) => body.length > 20_000), ['body-nested']],
  ],
  'uri-paths': [
    ['a trailing slash is served', serves((path) => path.replace(/\/$/, '')), ['spelling-trailing-slash']],
    [
      'slashes are collapsed',
      serves((path) => path.replaceAll(/\/+/g, '/')),
      ['spelling-double-slash', 'spelling-leading-slash'],
    ],
    [
      'dot segments are resolved',
      serves((path) => path.replace(/\/x\/(\.\.|%2e%2e)\/|\/\.\//, '/')),
      ['spelling-dot', 'spelling-dot-dot', 'spelling-encoded-dots'],
    ],
    [
      'escapes are decoded',
      serves((path) => (path.includes('%C3') ? path : decodeURIComponent(path))),
      ['spelling-encoded-letter', 'spelling-encoded-slash'],
    ],
    ['letters have no case', serves((path) => path.toLowerCase()), ['spelling-operation-case', 'spelling-prefix-case']],
    ['a query is ignored', serves((path) => path.replace(/\?.*$/, '')), ['spelling-query', 'spelling-empty-query']],
    ['path parameters are ignored', serves((path) => path.replace(/;.*$/, '')), ['spelling-path-parameter']],
    [
      'authentication comes first',
      replaces(404, UNAUTHENTICATED, ({ headers }) => !headers.has('authorization')),
      ['unknown-path-unsigned'],
    ],
    [
      'an unknown key is an internal error',
      replaces(404, INTERNAL, ({ path }) => path.includes('unknown-key')),
      KEY_OPERATIONS.map((operation) => `unknown-key-${operation}`),
    ],
  ],
  errors: [
    ['an errorName of its own', replaces(404, { body: { errorName: 'NoSuchKey' } }), ['error-names']],
    ['another status', replaces(404, { status: 400 }), ['error-names']],
    ['no JSON', replaces(401, { body: 'Unauthorized' }), ['error-names']],
    [
      'a long errorMessage',
      replaces(401, { body: { ...UNAUTHENTICATED.body, errorMessage: 'm'.repeat(512) } }),
      ['error-messages'],
    ],
    [
      'an errorMessage that is not ASCII',
      replaces(401, { body: { ...UNAUTHENTICATED.body, errorMessage: '\u00a7' } }),
      ['error-messages'],
    ],
    ['input errors are internal errors', replaces(400, INTERNAL), ['no-internal-errors']],
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

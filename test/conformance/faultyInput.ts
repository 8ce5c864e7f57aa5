import { gunzipSync } from 'node:zlib';
import { isObject } from '../../src/conformance/errorNameOf.ts';
import { KEY_OPERATIONS } from '../../src/xksClient/keyStoreClient.ts';
import type { Faults } from './faults.ts';
import { amends, bytesOf, COMPLETE_METADATA, errorReply, refuses, replaces, SEALED, throwsFor } from './faultySteps.ts';

const FIELDS_OF_KEY_OPERATIONS = [
  ...KEY_OPERATIONS.flatMap((operation) =>
    ['kmsRequestId', 'kmsOperation', 'awsPrincipalArn'].map((field) => `${field}-${operation}`),
  ),
  'kmsKeyArn-encrypt',
  'kmsKeyArn-decrypt',
];
const LOOSE_BASE64 = ['url-safe', 'unpadded', 'space', 'newline', 'padding-bits', 'trailing'];

/** Faults in the validation of bodies. */
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
    [
      'answers malformed Base64 in Decrypt with InternalException',
      throwsFor((body, operation) => operation === 'decrypt' && SEALED.some((field) => !bytesOf(body, field))),
      [
        ...SEALED.map((field) => `base64-none-${field}`),
        ...['base64-unpadded-ciphertext', 'base64-unpadded-tag', 'base64-newline-iv'],
      ],
    ],
  ],
  'request-metadata': [
    [
      'does not validate requestMetadata',
      amends(({ requestMetadata }) => (requestMetadata === undefined ? {} : { requestMetadata: COMPLETE_METADATA })),
      [
        ...KEY_OPERATIONS.map((operation) => `empty-metadata-${operation}`),
        ...['array-metadata', 'text-metadata'],
        ...FIELDS_OF_KEY_OPERATIONS.map((id) => `no-${id}`),
        ...FIELDS_OF_KEY_OPERATIONS.map((id) => `mistyped-${id}`),
      ],
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
    [
      'knows only Encrypt, Decrypt and CreateKey',
      refuses(({ kmsOperation }) => !['Encrypt', 'Decrypt', 'CreateKey'].includes(String(kmsOperation))),
      [
        ...['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt'].map((name) => `encrypt-for-${name}`),
        ...KEY_OPERATIONS.map((operation) => `unknown-kms-operation-${operation}`),
        'metadata-with-key-arn',
      ],
    ],
    ['refuses optional fields', refuses((metadata) => 'kmsViaService' in metadata), ['optional-fields']],
    [
      'refuses a kmsKeyArn in GetKeyMetadata',
      refuses(({ kmsOperation }) => kmsOperation === 'DescribeKey'),
      ['metadata-with-key-arn'],
    ],
  ],
  'malformed-bodies': [
    [
      'answers a body that is not a JSON object with InternalException',
      replaces(400, errorReply('InternalException'), ({ body }) => !isJsonObject(body)),
      [
        ...['empty', 'text', 'truncated', 'trailing', 'array', 'null', 'number', 'string', 'brackets'],
        ...['utf-8', 'gzip'],
      ].map((id) => `body-${id}`),
    ],
    [
      'answers 415 to another Content-Type',
      replaces(200, { status: 415, body: undefined }, ({ headers }) => headers.get('content-type') === 'text/plain'),
      ['content-type-text'],
    ],
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
      replaces(200, errorReply('InternalException'), ({ body }) => body.length > 20_000),
      ['body-nested'],
    ],
  ],
};

function respell(name: string, value: unknown): unknown {
  const isText = typeof value === 'string' && name !== 'encryptionAlgorithm';
  return isText ? Buffer.from(value, 'base64').toString('base64') : value;
}

function isJsonObject(body: Uint8Array): boolean {
  try {
    return isObject(parseJson(decode(body)));
  } catch {
    return false;
  }
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

import assert from 'node:assert/strict';
import { XksError, type XksErrorName } from '../../../src/xks/errors.ts';
import { decryptRequest } from '../../../src/xks/messages/decrypt.ts';
import { encryptRequest } from '../../../src/xks/messages/encrypt.ts';
import type { JsonObject } from '../../../src/xks/messages/fields.ts';
import { getHealthStatusRequest } from '../../../src/xks/messages/getHealthStatus.ts';
import { getKeyMetadataRequest } from '../../../src/xks/messages/getKeyMetadata.ts';
import type { MessageType } from '../../../src/xks/messages/messageType.ts';
import { parseRequestMetadata } from '../../../src/xks/messages/requestMetadata.ts';
import { parseJson } from '../../../src/xks/parseJson.ts';
import { base64, encryptBody, healthMetadata, requestMetadata } from '../../support/messages.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { signatureVectors } from '../vectors.ts';

const TYPES: readonly MessageType<object>[] = [
  getHealthStatusRequest,
  getKeyMetadataRequest,
  encryptRequest,
  decryptRequest,
];
// Spec, "Error codes": errors that refuse a body.
const REFUSALS: ReadonlySet<XksErrorName> = new Set([
  'ValidationException',
  'InvalidCiphertextException',
  'UnsupportedOperationException',
]);

/** The body of a request to the proxy, parsed by each API. */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: [
    ...signatureVectors.map(({ body }) => body),
    JSON.stringify({ requestMetadata: healthMetadata }),
    JSON.stringify({
      ...encryptBody,
      additionalAuthenticatedData: base64(9),
      ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
    }),
    JSON.stringify({
      requestMetadata: { ...requestMetadata, later: { deep: [1, null, true] }, __proto__x: '\\"' },
      encryptionAlgorithm: 'AES_GCM',
      ciphertext: base64(9),
      initializationVector: base64(12),
      authenticationTag: base64(16),
      additionalAuthenticatedData: base64(9),
      ciphertextMetadata: base64(9),
    }),
    '{"a":{"b":1,"\\u0062":2}}',
    '{"a":"\\\\\\":","a:":"{\\"a\\":1}"}',
  ],
  words: [
    '"requestMetadata":{',
    '"kmsRequestId":"',
    '"kmsOperation":"',
    '"awsPrincipalArn":"',
    '"kmsKeyArn":"',
    '"encryptionAlgorithm":"AES_GCM"',
    '"plaintext":"',
    '"__proto__":',
    '\\u0061',
    '\\\\',
    '\\"',
    '[[',
    '{"":',
  ],
  check: (input) => {
    const object = refusedOr(() => parseJson(input));
    const isText = Buffer.from(input.toString()).equals(input);
    const value = isText ? jsonObject(input.toString()) : undefined;
    assert.equal(object !== undefined, value !== undefined && !hasNameTwice(input.toString()));
    if (!object) return;
    assert.deepEqual(object, value);
    for (const type of TYPES) checkMessage(type, object);
  },
};

function checkMessage({ requiredMetadata, parse }: MessageType<object>, object: JsonObject): void {
  const metadata = refusedOr(() => parseRequestMetadata(object, requiredMetadata));
  for (const text of Object.values(metadata ?? {})) assert.equal(typeof text, 'string');
  for (const [field, bytes] of Object.entries(refusedOr(() => parse(object)) ?? {})) {
    if (bytes instanceof Buffer) assert.equal(bytes.toString('base64'), object[field] ?? '');
  }
}

function refusedOr<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof XksError) || !REFUSALS.has(error.errorName)) throw error;
    const { errorMessage } = error.toBody();
    assert.match(errorMessage, /^[\x20-\x7e]{1,511}$/);
    return undefined;
  }
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an object of a JSON text has a duplicate name, judged by its tokens. */
function hasNameTwice(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:[ \t\n\r]*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const name = JSON.parse(token.slice(0, -1)) as string;
      if (open.at(-1)?.has(name)) return true;
      open.at(-1)?.add(name);
    }
  }
  return false;
}

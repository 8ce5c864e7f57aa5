import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64, encryptBody, healthMetadata, paths, requestMetadata } from '../support/messages.ts';
import { errorNameOf, ListeningApp, type Answer } from './listeningApp.ts';

const app = new ListeningApp();

type Json = Readonly<Record<string, unknown>>;
const valid: readonly (readonly [path: string, body: Json])[] = [
  [paths.health, { requestMetadata: healthMetadata }],
  [paths.metadata, { requestMetadata }],
  [
    paths.encrypt,
    { ...encryptBody, additionalAuthenticatedData: base64(9), ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
  ],
  [
    paths.decrypt,
    {
      requestMetadata,
      encryptionAlgorithm: 'AES_GCM',
      ciphertext: base64(9),
      initializationVector: base64(12),
      authenticationTag: base64(16),
      additionalAuthenticatedData: base64(9),
      ciphertextMetadata: base64(9),
    },
  ],
];

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.base64String(),
  fc.uint8Array({ maxLength: 9_000 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom('', 'AES_GCM', 'SHA_256', 'AA==', null, true, 1e308, -0, [], {}),
);

interface Change {
  readonly metadata: boolean;
  /** A number selects one of the existing fields. */
  readonly field: number | string;
  /** `undefined` removes the field. */
  readonly value: unknown;
}

/** Changes to the fields of a body or of its metadata: removed, replaced or added. */
const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    metadata: fc.boolean(),
    field: fc.oneof(
      { weight: 4, arbitrary: fc.nat() },
      {
        weight: 1,
        arbitrary: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON', 'awsSourceVpc', 'constructor')),
      },
    ),
    value: fc.option(anything, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 3 },
);

function apply(body: Json, { metadata, field, value }: Change): Json {
  const inner = body['requestMetadata'];
  if (metadata && typeof inner === 'object' && inner !== null) {
    return { ...body, requestMetadata: apply(inner as Json, { metadata: false, field, value }) };
  }
  const names = Object.keys(body);
  const name = typeof field === 'string' ? field : (names[field % names.length] ?? 'field');
  const kept = Object.entries(body).filter(([other]) => other !== name);
  return Object.fromEntries(value === undefined ? kept : [...kept, [name, value]]);
}

function expectAnswerOfTheContract(answer: Answer): void {
  if (answer.status === 200) expect(JSON.parse(answer.text)).not.toHaveProperty('errorName');
  else expect(errorNameOf(answer)).toMatch(/^(Validation|InvalidCiphertext|UnsupportedOperation)Exception$/);
}

describe('a signed body', () => {
  it('of any bytes is answered with ValidationException', async () => {
    const bytes = fc.oneof(
      fc.uint8Array().map((array) => Buffer.from(array)),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...valid), bytes, async ([path], body) => {
        expect(errorNameOf(await app.sendSigned(path, body))).toBe('ValidationException');
      }),
      { numRuns: 150 },
    );
  });

  it('of any JSON is answered with ValidationException', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...valid),
        fc.oneof(
          fc.json(),
          fc.object().map((object) => JSON.stringify(object)),
        ),
        async ([path], body) => {
          expect(errorNameOf(await app.sendSigned(path, body))).toBe('ValidationException');
        },
      ),
      { numRuns: 250 },
    );
  });

  it('of a request with fields removed, replaced or added gets an answer of the contract', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...valid), changes, async ([path, body], list) => {
        expectAnswerOfTheContract(await app.sendSigned(path, JSON.stringify(list.reduce(apply, body))));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a request with one byte replaced gets an answer of the contract', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...valid),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        async ([path, body], place, byte) => {
          const bytes = Buffer.from(JSON.stringify(body));
          bytes.writeUInt8(byte, place % bytes.length);
          expectAnswerOfTheContract(await app.sendSigned(path, bytes));
        },
      ),
      { numRuns: 400 },
    );
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseBody } from '../../src/kms/api/parseBody.ts';
import { toJson } from '../../src/kms/api/toJson.ts';
import { KmsError } from '../../src/kms/kmsError.ts';
import * as members from '../../src/kms/operations/members.ts';
import { parseInput } from '../../src/kms/operations/parseInput.ts';

const all = Object.entries<z.ZodType | object>(members).filter(
  (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
);
const names = all.map(([name]) => name);
const shape = z.object(Object.fromEntries(all)).partial();
const required = z.object(Object.fromEntries(all));

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.anything(),
  fc.string({ unit: 'binary' }),
  fc.base64String(),
  fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
  fc.array(fc.dictionary(fc.constantFrom('TagKey', 'TagValue', 'x'), fc.string())),
  fc.constantFrom(2 ** 31, 2 ** 60, -0, NaN, '__proto__', ['__proto__'], 'https://x', '1'.repeat(100_000)),
);
const inputs = fc.oneof(
  anything,
  fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() }),
    anything,
  ),
);

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

function expectRefusal(error: unknown, pattern: RegExp): void {
  expect(error).toBeInstanceOf(KmsError);
  expect((error as KmsError).errorName).toMatch(pattern);
}

it('an input is accepted, or refused with ValidationException or SerializationException', () => {
  fc.assert(
    fc.property(fc.constantFrom(shape, required), inputs, (wanted, input) => {
      const outcome = outcomeOf(() => parseInput(wanted, input));
      if (outcome instanceof Error) expectRefusal(outcome, /^(Validation|Serialization)Exception$/);
      // An accepted input has only the members that it may have.
      else expect(Object.keys(outcome as object).filter((name) => !names.includes(name))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

it('an encryption context is accepted unchanged, or refused', () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'toJSON', ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string({ unit: 'binary' }))), (pairs) => {
      const context = Object.fromEntries(pairs);
      const outcome = outcomeOf(() => parseInput(members.encryptionContext, context));
      if (outcome instanceof Error) expectRefusal(outcome, /^SerializationException$/);
      else expect(Object.entries(outcome as object)).toEqual(Object.entries(context));
    }),
    { numRuns: 2_000 },
  );
});

it('the bytes of a body are a JSON object, or refused with SerializationException', () => {
  const bytes = fc.oneof(
    fc.uint8Array().map((array) => Buffer.from(array)),
    fc.json().map((text) => Buffer.from(text)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text, 'latin1')),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      const outcome = outcomeOf(() => parseBody(body));
      if (outcome instanceof Error) expectRefusal(outcome, /^SerializationException$/);
      else expect(outcome).toEqual(JSON.parse(body.toString()));
    }),
    { numRuns: 2_000 },
  );
});

it('an output of JSON values is written like JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (output) => {
      expect(JSON.parse(toJson(output))).toEqual(JSON.parse(JSON.stringify(output)));
    }),
  );
});

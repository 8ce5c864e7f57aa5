import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedJson, cutText } from '../../src/audit/format/boundedJson.ts';
import { MAX_LINE_BYTES } from '../../src/audit/format/recordLines.ts';
import { auditRecord, streamLine, type TrailRecord } from '../../src/audit/format/trailRecord.ts';

const RUNS = { numRuns: 200 };
const PIPE_BUF = 4_096;

// Code units of any kind, including surrogates without their other half, control characters and quotes.
const unit = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1 }),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
);
const text = fc.oneof(
  fc.array(unit, { maxLength: 40 }).map((units) => units.join('')),
  fc.tuple(unit, fc.integer({ min: 0, max: 70_000 })).map(([part, times]) => part.repeat(times)),
);
const requestMetadata = fc.dictionary(text, text, { maxKeys: 60, noNullPrototype: true });
/** The members of a request's record, with texts that clients choose. */
const members = fc.record({
  requestMetadata,
  omittedMetadata: fc.option(fc.nat(), { nil: undefined }),
  keyStore: fc.constant('example'),
  operation: fc.constant('Encrypt'),
  externalKeyId: text,
  keyVersion: text,
  accessKeyId: fc.constant('BETWEEN2TAND3TCHARACTERS'),
  policy: fc.record({ decision: fc.constant('deny'), reasons: fc.array(text, { maxLength: 300 }) }),
  remoteAddress: fc.constant('127.0.0.1'),
  outcome: fc.constantFrom('success', 'failure'),
  httpStatus: fc.constantFrom(200, 400, 500),
  errorMessage: text,
  detail: text,
  durationMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
});
const record = members.map((each): TrailRecord => {
  return { type: 'request', time: '2026-11-26T19:00:00.000Z', level: 'warn', members: each };
});

type Parsed = Readonly<Record<string, unknown>>;

function requireLine(line: string, maxBytes: number): Parsed {
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxBytes);
  expect(line).not.toMatch(/[\n\r]/);
  // The text that is hashed equals the bytes that are written.
  expect(line.isWellFormed()).toBe(true);
  return JSON.parse(line) as Parsed;
}

describe('a record', () => {
  it('is one line of at most 65,535 bytes with its index, and states the outcome of the request', () => {
    fc.assert(
      fc.property(record, (each) => {
        const line = `{"index":${Number.MAX_SAFE_INTEGER},${auditRecord(each).slice(1)}`;
        const { outcome, httpStatus, keyStore } = each.members as Parsed;
        expect(requireLine(line, MAX_LINE_BYTES - 1)).toMatchObject({ type: 'request', outcome, httpStatus, keyStore });
      }),
      RUNS,
    );
  });

  it('is a line of the stream that several processes may share, and states the outcome', () => {
    fc.assert(
      fc.property(record, (each) => {
        const form = { base: { worker: 12 }, maxBytes: PIPE_BUF };
        const line = streamLine({ record: each, index: Number.MAX_SAFE_INTEGER }, form) ?? '';
        expect(line.at(-1)).toBe('\n');
        const { outcome, httpStatus, accessKeyId } = each.members as Parsed;
        const parsed = requireLine(line.slice(0, -1), PIPE_BUF - 1);
        expect(parsed).toMatchObject({ level: 'warn', msg: 'request', worker: 12, outcome, httpStatus, accessKeyId });
      }),
      RUNS,
    );
  });

  it('is unchanged if it is short', () => {
    fc.assert(
      fc.property(
        fc.record({
          requestMetadata: fc.dictionary(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), { maxKeys: 9 }),
        }),
        (each) => {
          const parsed = JSON.parse(auditRecord({ type: 'request', time: '', level: 'info', members: each })) as Parsed;
          expect(JSON.stringify(parsed)).toBe(JSON.stringify({ type: 'request', time: '', ...each }));
        },
      ),
      RUNS,
    );
  });
});

describe('boundedJson', () => {
  it('keeps its bound for any object with few members, and cuts no short text', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ depthSize: 'medium' }), { maxKeys: 4 }),
        fc.integer({ min: 1_000, max: 5_000 }),
        (value, maxBytes) => {
          const parsed = requireLine(boundedJson(value, maxBytes), maxBytes);
          expect(Object.keys(parsed).sort()).toEqual(Object.keys(JSON.parse(JSON.stringify(value)) as object).sort());
        },
      ),
      RUNS,
    );
  });
});

describe('cutText', () => {
  it('keeps the beginning, marks the cut and splits no pair of surrogates', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (whole, characters) => {
          const cut = cutText(whole, characters);
          if (whole.length <= characters) return cut === whole;
          const kept = cut.slice(0, -3);
          return cut.endsWith('...') && whole.startsWith(kept) && kept.isWellFormed() && kept.length >= characters - 1;
        },
      ),
      RUNS,
    );
  });
});

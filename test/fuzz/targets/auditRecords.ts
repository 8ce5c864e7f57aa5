import assert from 'node:assert/strict';
import { boundedJson } from '../../../src/audit/format/boundedJson.ts';
import { leafHash } from '../../../src/audit/format/compactRange.ts';
import { readLines } from '../../../src/audit/format/recordLines.ts';
import { queryLog, type FoundRecord } from '../../../src/audit/read/queryLog.ts';
import { parseRecord, type RecordQuery } from '../../../src/audit/read/recordQuery.ts';
import { firstRecord, firstRecordSince, lastRecord, timeOf } from '../../../src/audit/read/recordTimes.ts';
import { Problems } from '../../../src/audit/verify/logReport.ts';
import { RecordSequence } from '../../../src/audit/verify/recordSequence.ts';
import { UnsignedTail } from '../../../src/audit/verify/unsignedTail.ts';
import { describeRecord, recordAsJson } from '../../../src/commands/audit/describeRecord.ts';
import { requestMetadata } from '../../support/messages.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';
import { withFile } from '../withFile.ts';

const TIME = '2026-11-26T19:00:00.000Z';
const QUERIES: readonly RecordQuery[] = [
  { type: undefined },
  { type: 'request', keyStore: 'orders', from: new Date(TIME), to: new Date('2027-01-01') },
  { type: 'request', awsPrincipalArn: 'arn:*:user/A*', outcome: 'success' },
];

const request = {
  index: 0,
  type: 'request',
  time: TIME,
  keyStore: 'orders',
  operation: 'Encrypt',
  requestMetadata,
  outcome: 'success',
};

/** A segment of an audit log that an attacker may have written. Reading, querying and printing it never fails. */
export const target: FuzzTarget = {
  maxBytes: 4_096,
  // Each line that is not JSON takes about 20 microseconds in each query.
  maxCpuMs: 1_000,
  seeds: [
    [request, { ...request, index: 1, outcome: 'failure', errorName: 'InternalException' }],
    [request, { index: 1, type: 'correction', time: TIME, corrects: 0, outcome: 'failure' }],
    [
      { index: 0, type: 'omitted', time: TIME, from: TIME, to: TIME, count: 3, reason: 'too many' },
      { index: 2, type: 'stop', time: TIME },
    ],
    [{ ...request, time: 5, requestMetadata: null }, null, [], { index: 1, type: 'start', time: { a: [] } }],
  ].map((records) => records.map((record) => `${JSON.stringify(record)}\n`).join('')),
  words: [
    '{"index":',
    ',"type":"request","time":"',
    ',"type":"correction",',
    ',"type":"omitted",',
    '"corrects":',
    '"requestMetadata":{"',
    '"toString":',
    '"valueOf":',
    '[[',
    '{"a":',
    '}\n',
    '\\u001b',
    '\x1b[2J',
    '\xe2\x80\xae',
  ],
  check: (input) => {
    withFile(input, (file) => {
      checkLines(file, input);
      for (const query of QUERIES) checkQuery(file, input, query);
      for (const record of [firstRecord(file), lastRecord(file), firstRecordSince(file, new Date(TIME))])
        timeOf(record);
    });
  },
};

function checkLines(file: string, input: Buffer): void {
  const problems = new Problems();
  const sequence = new RecordSequence(problems);
  const tail = new UnsignedTail(problems);
  let end = 0;
  for (const line of readLines(file)) {
    const expected = input.subarray(end, input.indexOf(0x0a, end));
    assert.deepEqual(line.bytes, expected);
    sequence.take(line);
    tail.read(line, sequence.next);
    assert.deepEqual(line.leafHash(), leafHash(expected));
    end += expected.length + 1;
  }
  assert.equal(end, input.lastIndexOf(0x0a) + 1);
  sequence.end();
  tail.end();
  for (const { message } of problems.listed) assertVisible(message);
}

function checkQuery(file: string, input: Buffer, query: RecordQuery): void {
  const log = [{ file, bytes: input.length }];
  for (const { found, unreadable, omitted } of queryLog(log, query)) {
    for (const each of found) checkFound(each);
    for (const place of unreadable) assertVisible(place);
    for (const { count, reason } of omitted) assert.ok(typeof count === 'number' && typeof reason === 'string');
  }
}

function checkFound(found: FoundRecord): void {
  assertVisible(describeRecord(found, 'main'));
  assert.equal((JSON.parse(recordAsJson(found, 'main')) as { log: string }).log, 'main');
  assert.deepEqual(parseRecord(found.line), found.record);
  const short = unlessRefused(RangeError, () => boundedJson(found.record, 300));
  if (short !== undefined) assert.ok(Buffer.byteLength(short) <= 300 && typeof JSON.parse(short) === 'object');
}

/** Checks that a terminal prints the text in one line and obeys nothing in it. */
function assertVisible(text: string): void {
  assert.doesNotMatch(text, /(?! )[\p{C}\p{Z}]/u);
}

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryLog, snapshotLog, workOf } from '../../../src/audit/read/queryLog.ts';
import type { AuditRecord, RecordQuery } from '../../../src/audit/read/recordQuery.ts';
import { appendAll, openLog, requestRecord, type RecordMembers } from '../../support/auditLogs.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const REQUESTS: RecordQuery = { type: 'request' };

/** A log in segments of 5 records; the first record is the writer's own. Returns its folder. */
function logOf(records: readonly object[]): string {
  const directory = temporaryFolder();
  const log = openLog(directory, { segmentRecords: 5 });
  appendAll(log, records);
  log.close();
  return join(directory, 'main');
}

function run(path: string, query: RecordQuery) {
  const log = snapshotLog(path);
  const steps = [...queryLog(log, query)];
  const counted = [...queryLog(log, query, { countOnly: true })].reduce((sum, { count }) => sum + count, 0);
  const found = steps.flatMap((step) => step.found);
  // The faster conversion to a number gives the same result.
  expect(counted).toBe(found.length);
  expect(steps.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(workOf(log, query));
  return {
    indexes: found.map(({ record }) => record.index),
    found,
    omitted: steps.flatMap((step) => step.omitted),
    unreadable: steps.flatMap((step) => step.unreadable),
  };
}

function indexesOf(records: readonly object[], query: Partial<RecordQuery>): number[] {
  return run(logOf(records), { ...REQUESTS, ...query }).indexes;
}

describe('queryLog', () => {
  it.each<[string, RecordMembers, Partial<RecordQuery>]>([
    ['key', { externalKeyId: 'bar' }, { externalKeyId: 'bar' }],
    ['key with other characters', { externalKeyId: 'b"ä\n\\' }, { externalKeyId: 'b"ä\n\\' }],
    ['version', { keyVersion: 'foo-2' }, { keyVersion: 'foo-2' }],
    ['key store', { keyStore: 'other' }, { keyStore: 'other' }],
    ['operation', { operation: 'Decrypt' }, { operation: 'Decrypt' }],
    ['outcome', { outcome: 'failure' }, { outcome: 'failure' }],
    ['KMS request', { requestMetadata: { kmsRequestId: 'x' } }, { kmsRequestId: 'x' }],
    ['principal', { requestMetadata: { awsPrincipalArn: 'arn:bob' } }, { awsPrincipalArn: 'arn:bob' }],
    [
      'any principal that begins so',
      { requestMetadata: { awsPrincipalArn: 'arn:bob' } },
      { awsPrincipalArn: 'arn:b*' },
    ],
    ['any principal that ends so', { requestMetadata: { awsPrincipalArn: 'arn:bob' } }, { awsPrincipalArn: '*bob' }],
    ['any that has it', { requestMetadata: { awsPrincipalArn: 'a:s/"x"/y' } }, { awsPrincipalArn: '*s/"*"/*' }],
    ['type', { type: 'admin' }, { type: 'admin' }],
  ])('finds records by %s', (_what, members, query) => {
    const records = Array.from({ length: 12 }, () => requestRecord());
    expect(indexesOf([...records, requestRecord(members), ...records], query)).toEqual([13]);
  });

  it('compares a principal without a wildcard literally', () => {
    const record = requestRecord({ requestMetadata: { awsPrincipalArn: 'arn:bob' } });
    for (const awsPrincipalArn of ['arn:bo', 'rn:bob', 'arn.bob', 'arn:bob*x']) {
      expect(indexesOf([record], { awsPrincipalArn })).toEqual([]);
    }
  });

  it('includes the time `from`, and excludes the time `to`', () => {
    const times = ['18:59:59.999Z', '19:00:00.000Z', '19:00:00.001Z', '20:00:00.000Z', '19:30:00.000Z'];
    const records = times.map((time) => requestRecord({ time: `2026-11-26T${time}` }));
    const from = new Date('2026-11-26T20:00:00+01:00');
    expect(indexesOf(records, { from, to: new Date('2026-11-26T20:00:00Z') })).toEqual([2, 3, 5]);
    expect(indexesOf(records, { from })).toEqual([2, 3, 4, 5]);
  });

  it('reads a time in another format', () => {
    const times = ['2026-11-26T21:00:00+01:00', '2026-11-26T20:00Z', 'yesterday', 1_795_719_600_000];
    const records = times.map((time) => ({ type: 'request', time }));
    expect(indexesOf(records, { from: new Date('2026-11-26T20:00:00Z') })).toEqual([1, 2]);
  });

  it('finds nothing in names and values that a client sends', () => {
    const forged = [
      { outcome: 'failure' },
      { keyVersion: 'v2' },
      { '"': '"},"keyVersion":"v2","', outcome: 'failure', keyVersion: 'v2' },
      { x: '}', outcome: 'failure', keyVersion: 'v2' },
      { x: '},', keyVersion: 'v2', outcome: 'failure' },
      { '}': 'x', keyVersion: 'v2', outcome: 'failure' },
      { x: '\\', keyVersion: 'v2', outcome: 'failure' },
    ];
    const records = forged.map((requestMetadata) => requestRecord({ requestMetadata, keyVersion: undefined }));
    expect(indexesOf(records, { keyVersion: 'v2' })).toEqual([]);
    expect(indexesOf(records, { outcome: 'failure' })).toEqual([]);
    expect(indexesOf(records, { outcome: 'success' })).toHaveLength(forged.length);
  });

  it('uses the outcome of a correction, even from a later segment', () => {
    const correction = { type: 'correction', time: '2026-11-26T19:00:00.000Z', outcome: 'failure', httpStatus: 500 };
    const records = [
      ...Array.from({ length: 6 }, () => requestRecord()),
      { ...correction, corrects: 5 },
      ...Array.from({ length: 6 }, () => requestRecord()),
      { ...correction, corrects: 2 },
    ];
    const path = logOf(records);
    expect(run(path, { ...REQUESTS, outcome: 'success' }).indexes).toEqual([1, 3, 4, 6, 8, 9, 10, 11, 12, 13]);
    const { found } = run(path, { ...REQUESTS, outcome: 'failure' });
    expect(found.map(({ record, correction }) => [record.index, correction?.index])).toEqual([
      [2, 14],
      [5, 7],
    ]);
    expect(run(path, { ...REQUESTS, outcome: 'failure', keyVersion: 'other' }).indexes).toEqual([]);
  });

  it('reports requests of that time that have no record of their own', () => {
    const omitted = (count: number, from: string, to: string) => {
      const at = (time: string) => `2026-11-26T${time}:00.000Z`;
      return { type: 'omitted', time: at(to), count, reason: 'too many', from: at(from), to: at(to) };
    };
    const path = logOf([omitted(1, '17:00', '18:00'), omitted(2, '18:30', '19:00'), omitted(4, '20:00', '21:00')]);
    const query = { from: new Date('2026-11-26T19:00Z'), to: new Date('2026-11-26T20:00Z') };
    expect(run(path, { ...REQUESTS, ...query }).omitted).toEqual([{ count: 2, reason: 'too many' }]);
    expect(run(path, REQUESTS).omitted.map(({ count }) => count)).toEqual([1, 2, 4]);
    expect(run(path, { type: 'start' }).omitted).toEqual([]);
  });

  it('skips a torn last line, and reports lines that are not records', () => {
    const path = logOf([requestRecord(), requestRecord()]);
    const file = join(path, '00000000000000000000.ndjson');
    const text = readFileSync(file, 'utf8');
    const [first = '', second = '', ...others] = text.split('\n');
    writeFileSync(
      file,
      [first, second.slice(0, 70), '', '{"index":7,}', ...others.slice(0, -1), '{"index":9,"type":"requ'].join('\n'),
    );
    const { indexes, unreadable } = run(path, { ...REQUESTS, operation: 'Encrypt' });
    expect(indexes).toEqual([2]);
    const offset = first.length + 1;
    expect(unreadable).toEqual([`${file}, byte ${offset}`, `${file}, byte ${offset + 71}`]);
  });

  it.each([
    ['a time that no text can be made of', { time: { toString: 1, valueOf: 1 } }],
    ['a correction of an invalid index', { type: 'correction', corrects: { valueOf: 1 } }],
    ['an invalid count and reason', { type: 'omitted', count: {}, reason: { toString: 1 }, from: {}, to: [] }],
  ])('reads a record with %s', (_what, members) => {
    const path = logOf([requestRecord()]);
    const line = JSON.stringify({ index: 2, type: 'request', ...members });
    appendFileSync(join(path, '00000000000000000000.ndjson'), `${line}\n`);
    expect(run(path, { ...REQUESTS, to: new Date('2027-01-01') }).indexes).toEqual([1]);
  });

  it('reports a line that is nested more deeply than any record', () => {
    const path = logOf([requestRecord()]);
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    appendFileSync(join(path, '00000000000000000000.ndjson'), `{"index":2,"type":"request","x":${deep}}\n`);
    const { indexes, unreadable } = run(path, REQUESTS);
    expect(indexes).toEqual([1]);
    expect(unreadable).toHaveLength(1);
  });

  it('reads lines that exceed its memory in parts, and continues after them', () => {
    const path = logOf([requestRecord()]);
    const file = join(path, '00000000000000000000.ndjson');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${'x'.repeat(300_000)}\n${text}`);
    const { indexes, unreadable } = run(path, REQUESTS);
    expect(indexes).toEqual([1]);
    expect(unreadable[0]).toBe(`${file}, byte 0`);
  });

  it('finds the same records as a plain search', () => {
    const text = fc.constantFrom('a', 'b', '*', '"', '}', '},', '\\', 'ä', '"outcome":"success"', '');
    const members = fc.record(
      {
        type: fc.constantFrom('request', 'admin'),
        time: fc.integer({ min: 0, max: 9 }).map((second) => `2026-11-26T19:00:0${second}.000Z`),
        requestMetadata: fc.dictionary(
          fc.oneof(text, fc.constantFrom('outcome', 'awsPrincipalArn', 'keyVersion')),
          text,
        ),
        externalKeyId: text,
        keyVersion: text,
        outcome: fc.constantFrom('success', 'failure'),
      },
      { requiredKeys: ['type', 'time'] },
    );
    const query = fc.record(
      {
        type: fc.constantFrom('request', undefined),
        externalKeyId: text,
        keyVersion: text,
        outcome: fc.constantFrom('success', 'failure'),
        from: fc.integer({ min: 0, max: 9 }).map((second) => new Date(`2026-11-26T19:00:0${second}.000Z`)),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 20 }), query, (records, wanted) => {
        const path = logOf(records);
        const { from, ...members } = wanted;
        const plain = snapshotLog(path)
          .flatMap(({ file }) => readFileSync(file, 'utf8').split('\n').slice(0, -1))
          .map((line) => JSON.parse(line) as AuditRecord)
          .filter((record) => from === undefined || Date.parse(String(record.time)) >= from.getTime())
          .filter((record) =>
            Object.entries(members).every(([name, value]) => value === undefined || record[name] === value),
          );
        expect(run(path, wanted).indexes).toEqual(plain.map(({ index }) => index));
      }),
      { numRuns: 100 },
    );
  });
});

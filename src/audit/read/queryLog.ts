import { statSync } from 'node:fs';
import { candidateLines } from './candidateLines.ts';
import { listSegments } from '../format/logFolder.ts';
import { readBlocks, type Block } from './readBlocks.ts';
import { isWithin, matcherOf, needlesOf, parseRecord, type AuditRecord, type RecordQuery } from './recordQuery.ts';

/** A record that matches a query. */
export interface FoundRecord {
  /** The line as it is in the file. */
  readonly line: string;
  readonly record: AuditRecord;
  /** A later record of type `correction` in the log, with the final outcome of the request. */
  readonly correction: AuditRecord | undefined;
}

/** The findings in one portion of a log. */
export interface QueryStep {
  /** Number of bytes read for it. */
  readonly bytes: number;
  readonly count: number;
  /** The records found. Empty if only their number is wanted. */
  readonly found: readonly FoundRecord[];
  /** Lines that are not records: `<file>, byte <n>`. */
  readonly unreadable: readonly string[];
  /** Requests in the queried period that have no record of their own. */
  readonly omitted: readonly OmittedRequests[];
}

/** Requests that share a record of type `omitted`, because there were too many. */
export interface OmittedRequests {
  readonly count: number;
  readonly reason: string;
}

/** The files of a log at one moment. Lines that are appended later do not count. */
export type LogSnapshot = readonly { readonly file: string; readonly bytes: number }[];

export function snapshotLog(path: string): LogSnapshot {
  return listSegments(path).map(({ records }) => ({ file: records, bytes: statSync(records).size }));
}

/** Number of bytes that a query reads in all. */
export function workOf(log: LogSnapshot, query: RecordQuery): number {
  return (isOfRequests(query) ? 2 : 1) * log.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Finds the matching records of a log, in its order and in constant memory, or counts them. Each portion that was read is a step.
 * Nothing is verified. Throws the file system's error.
 */
export function* queryLog(log: LogSnapshot, query: RecordQuery, { countOnly = false } = {}): Generator<QueryStep> {
  const corrections = yield* readAmendments(log, query);
  const matches = matcherOf(query);
  const { needles, isExact } = needlesOf(query);
  const prefilter = {
    needles,
    isExact: isExact && countOnly,
    corrected: corrections,
    from: query.from?.toISOString(),
    to: query.to?.toISOString(),
  };
  for (const { file, bytes } of log) {
    for (const block of readBlocks(file, bytes)) {
      const found: FoundRecord[] = [];
      const unreadable: string[] = [];
      let certain = 0;
      for (const { start, end, isCertain } of candidateLines(block.bytes.toString('latin1'), prefilter)) {
        if (isCertain) {
          certain += 1;
          continue;
        }
        const line = block.bytes.toString('utf8', start, end);
        const record = parseRecord(line);
        const correction = record && corrections.get(record.index);
        if (!record) unreadable.push(`${file}, byte ${block.offset + start}`);
        else if (matches(record, (correction ?? record).outcome)) found.push({ line, record, correction });
      }
      yield { bytes: block.bytes.length, count: certain + found.length, found, unreadable, omitted: [] };
    }
  }
}

/**
 * Reads what later records say about requests, before the requests are read, because a correction may come at any time after its
 * record. Returns the corrections by the index of the record that they correct.
 */
function* readAmendments(log: LogSnapshot, query: RecordQuery): Generator<QueryStep, ReadonlyMap<number, AuditRecord>> {
  const corrections = new Map<number, AuditRecord>();
  if (!isOfRequests(query)) return corrections;
  for (const { file, bytes } of log) {
    for (const block of readBlocks(file, bytes)) {
      for (const record of recordsOfType('correction', block)) {
        if (typeof record['corrects'] === 'number') corrections.set(record['corrects'], record);
      }
      const omitted = recordsOfType('omitted', block)
        .filter((record) => isWithin(record['from'], record['to'], query.from, query.to))
        .map(({ count, reason }) => ({
          count: typeof count === 'number' ? count : 0,
          reason: typeof reason === 'string' ? reason : 'unknown',
        }));
      yield { bytes: block.bytes.length, count: 0, found: [], unreadable: [], omitted };
    }
  }
  return corrections;
}

function isOfRequests({ type }: RecordQuery): boolean {
  return type === undefined || type === 'request';
}

/** Finds the records of a rare type. */
function recordsOfType(type: string, { bytes }: Block): AuditRecord[] {
  const records: AuditRecord[] = [];
  const needle = `,"type":"${type}",`;
  for (let place = bytes.indexOf(needle); place !== -1; place = bytes.indexOf(needle, place + 1)) {
    const start = bytes.lastIndexOf('\n', place) + 1;
    const record = parseRecord(bytes.toString('utf8', start, bytes.indexOf('\n', place)));
    if (record?.type === type) records.push(record);
  }
  return records;
}

import { statSync } from 'node:fs';
import { candidateLines } from './candidateLines.ts';
import { listSegments } from '../format/logFolder.ts';
import { readBlocks, type Block } from './readBlocks.ts';
import { isWithin, matcherOf, needlesOf, parseRecord, type AuditRecord, type RecordQuery } from './recordQuery.ts';

/** A record that is wanted. */
export interface FoundRecord {
  /** As it is in the file. */
  readonly line: string;
  readonly record: AuditRecord;
  /** A later record of the log, of type `correction`: this is what became of the request instead. */
  readonly correction: AuditRecord | undefined;
}

/** What one portion of a log has. */
export interface QueryStep {
  /** Bytes that were read for it. */
  readonly bytes: number;
  readonly count: number;
  /** Empty if only their number is wanted. */
  readonly found: readonly FoundRecord[];
  /** Lines that are no records: `<file>, byte <n>`. */
  readonly unreadable: readonly string[];
  /** Requests of the time in question that have no record of their own. */
  readonly omitted: readonly OmittedRequests[];
}

/** Requests that share a record of type `omitted`, because they were too many. */
export interface OmittedRequests {
  readonly count: number;
  readonly reason: string;
}

/** The files of a log as they are at one moment: what is appended later does not count. */
export type LogSnapshot = readonly { readonly file: string; readonly bytes: number }[];

export function snapshotLog(path: string): LogSnapshot {
  return listSegments(path).map(({ records }) => ({ file: records, bytes: statSync(records).size }));
}

/** Bytes that a query reads in all. */
export function workOf(log: LogSnapshot, query: RecordQuery): number {
  return (isOfRequests(query) ? 2 : 1) * log.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Finds the wanted records of a log, in its order and in flat memory, or counts them: a step for each portion that was read.
 * Nothing is verified. Throws what the file system says.
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
 * Reads what later records say of requests, before the requests are read: a correction may come at any time after its record.
 * Returns the corrections by the index of the record that they correct.
 */
function* readAmendments(log: LogSnapshot, query: RecordQuery): Generator<QueryStep, ReadonlyMap<number, AuditRecord>> {
  const corrections = new Map<number, AuditRecord>();
  if (!isOfRequests(query)) return corrections;
  for (const { file, bytes } of log) {
    for (const block of readBlocks(file, bytes)) {
      for (const record of recordsOfType('correction', block)) corrections.set(Number(record['corrects']), record);
      const omitted = recordsOfType('omitted', block)
        .filter((record) => isWithin(record['from'], record['to'], query.from, query.to))
        .map((record) => ({ count: Number(record['count']), reason: String(record['reason']) }));
      yield { bytes: block.bytes.length, count: 0, found: [], unreadable: [], omitted };
    }
  }
  return corrections;
}

function isOfRequests({ type }: RecordQuery): boolean {
  return type === undefined || type === 'request';
}

/** Records of a type that is rare. */
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

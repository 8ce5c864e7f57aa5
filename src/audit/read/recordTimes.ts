import { candidateLines } from './candidateLines.ts';
import { readBlocks } from './readBlocks.ts';
import { readTail } from '../format/readTail.ts';
import { MAX_LINE_BYTES } from '../format/recordLines.ts';
import { parseRecord, parseTime, type AuditRecord } from './recordQuery.ts';

const NONE: ReadonlySet<number> = new Set();

/** Reads the first record of a segment. Undefined if none can be read. */
export function firstRecord(file: string): AuditRecord | undefined {
  for (const { bytes } of readBlocks(file, Infinity)) {
    return parseRecord(bytes.toString('utf8', 0, bytes.indexOf('\n')));
  }
  return undefined;
}

/** Reads the last whole record of a segment. Undefined if none can be read. */
export function lastRecord(file: string): AuditRecord | undefined {
  // A torn line may follow it.
  const { text } = readTail(file, 2 * MAX_LINE_BYTES);
  const end = text.lastIndexOf('\n');
  if (end === -1) return undefined;
  const line = text.slice(text.lastIndexOf('\n', end - 1) + 1, end);
  return parseRecord(Buffer.from(line, 'latin1').toString());
}

/** Reads the first record of a segment that is not older than `since`. Undefined if all are older. */
export function firstRecordSince(file: string, since: Date): AuditRecord | undefined {
  const prefilter = { needles: [], isExact: false, corrected: NONE, from: since.toISOString() };
  for (const { bytes } of readBlocks(file, Infinity)) {
    for (const { start, end } of candidateLines(bytes.toString('latin1'), prefilter)) {
      const record = parseRecord(bytes.toString('utf8', start, end));
      if (record && timeOf(record) >= since.getTime()) return record;
    }
  }
  return undefined;
}

/** Milliseconds since the epoch. NaN if the record has no time. */
export function timeOf(record: AuditRecord | undefined): number {
  return parseTime(record?.time);
}

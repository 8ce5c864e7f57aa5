import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { candidateLines } from './candidateLines.ts';
import { readBlocks } from './readBlocks.ts';
import { MAX_LINE_BYTES } from './recordLines.ts';
import { parseRecord, type AuditRecord } from './recordQuery.ts';

const NONE: ReadonlySet<number> = new Set();

/** The first record of a segment; undefined if there is none that can be read. */
export function firstRecord(file: string): AuditRecord | undefined {
  const text = readPart(file, 0);
  const end = text.indexOf('\n');
  return end === -1 ? undefined : parseRecord(text.slice(0, end));
}

/** The last whole record of a segment; undefined if there is none that can be read. */
export function lastRecord(file: string): AuditRecord | undefined {
  // A torn line may stand behind it.
  const text = readPart(file, -2 * MAX_LINE_BYTES);
  const end = text.lastIndexOf('\n');
  return end === -1 ? undefined : parseRecord(text.slice(text.lastIndexOf('\n', end - 1) + 1, end));
}

/** The first record of a segment that is not older than `since`; undefined if all are. */
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

/** Milliseconds since the epoch; NaN if the record does not tell. */
export function timeOf(record: AuditRecord | undefined): number {
  return Date.parse(String(record?.time));
}

/** A part of a file that has room for two records; from its end if `place` is negative. */
function readPart(file: string, place: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(2 * MAX_LINE_BYTES);
    const start = place < 0 ? Math.max(fstatSync(descriptor).size + place, 0) : place;
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start));
  } finally {
    closeSync(descriptor);
  }
}

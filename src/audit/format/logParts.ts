import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { CompactRange } from './compactRange.ts';
import { listSegments, logFolder, parseFirst, segmentAt, type Segment } from './logFolder.ts';

/** A segment with at least one existing file. */
export interface LogPart extends Segment {
  readonly hasRecords: boolean;
  /** Bytes of its file of checkpoints when the folder was read; 0 if there is none. */
  readonly checkpointBytes: number;
}

export interface RangesFile {
  readonly ranges: readonly CompactRange[];
  /** Numbers, from 1, of the lines that are not a range, or not larger than the range before. */
  readonly badLines: readonly number[];
  /** Bytes after the last whole line. */
  readonly torn: number;
}

/** The files of a log at one moment. Records that are read later include all that the checkpoints sign. */
export interface LogParts {
  /** The segments, oldest first. */
  readonly parts: readonly LogPart[];
  readonly ranges: RangesFile;
}

const FILE = /^(\d{20})\.(?:ndjson|checkpoints)$/;

export function listParts(path: string): LogParts {
  // The writer makes a checkpoint, then a line of `ranges`, then a segment. This function reads them in the reverse order, so
  // that each file has what the files read before it depend on, even if a segment ends meanwhile.
  const firsts = new Set(readdirSync(path).flatMap((name) => parseFirst(FILE.exec(name)?.[1]) ?? []));
  const ranges = readRanges(logFolder(path).ranges);
  const sorted = [...firsts].sort((a, b) => a - b);
  const parts = sorted.map((first) => {
    const segment = segmentAt(path, first);
    const bytes = statSync(segment.checkpoints, { throwIfNoEntry: false })?.size ?? 0;
    return { ...segment, hasRecords: existsSync(segment.records), checkpointBytes: bytes };
  });
  return { parts, ranges };
}

/** Bytes of all records of a log. */
export function recordBytes(path: string): number {
  return listSegments(path).reduce((sum, { records }) => sum + statSync(records).size, 0);
}

function readRanges(file: string): RangesFile {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text.split('\n');
  const torn = Buffer.byteLength(lines.pop() ?? '');
  const ranges: CompactRange[] = [];
  const badLines: number[] = [];
  for (const [index, line] of lines.entries()) {
    const range = CompactRange.parse(line);
    if (range && range.size > (ranges.at(-1)?.size ?? 0)) ranges.push(range);
    else badLines.push(index + 1);
  }
  return { ranges, badLines, torn };
}

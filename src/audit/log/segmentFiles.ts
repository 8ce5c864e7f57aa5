import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppendFile, syncFolder } from './appendFile.ts';
import type { LogFolder, Segment } from '../format/logFolder.ts';

/** The newest segment of a log, with its open files. */
export interface SegmentFiles extends Pick<Segment, 'first'> {
  readonly records: AppendFile;
  readonly checkpoints: AppendFile;
}

/**
 * Opens or creates the files of a segment. `isForced`: forces new files to the disk. Throws the file system's error; then nothing
 * is left open.
 */
export function openSegment(segment: Segment, isForced: boolean): SegmentFiles {
  const opened: AppendFile[] = [];
  try {
    const records = new AppendFile(segment.records);
    opened.push(records);
    const checkpoints = new AppendFile(segment.checkpoints);
    opened.push(checkpoints);
    if (isForced) syncFolder(dirname(segment.records));
    return { first: segment.first, records, checkpoints };
  } catch (error) {
    for (const file of opened) file.close();
    throw error;
  }
}

/** Appends a line to `ranges`, unless it is there already: a crash may have come between this step of a rotation and the next. */
export function appendRange({ ranges }: LogFolder, line: string, isForced: boolean): void {
  const lines = existsSync(ranges) ? readFileSync(ranges, 'utf8').split('\n') : [];
  if (lines.at(-2) === line) return;
  const file = new AppendFile(ranges);
  try {
    file.appendWhole(`${line}\n`);
    if (isForced) file.syncNow();
  } finally {
    file.close();
  }
}

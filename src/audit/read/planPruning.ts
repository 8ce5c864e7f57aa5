import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FoundLog } from '../format/findLogs.ts';
import { listSegments, logFolder, splitNotes } from '../format/logFolder.ts';
import { listParts, type LogPart, type RangesFile } from '../format/logParts.ts';
import { newestNote } from '../format/newestNote.ts';
import type { AuditRecord } from './recordQuery.ts';
import { firstRecord, firstRecordSince, lastRecord, timeOf } from './recordTimes.ts';
import { replaceFile, SUCCESSOR } from '../../replaceFile.ts';
import { NoteFailure, openNote, parseVkey } from '../format/signedNote.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

/** One change of the disk. */
export interface PruningStep {
  readonly did: 'deleted' | 'thinned';
  readonly what: string;
  readonly apply: () => void;
}

export interface PruningPlan {
  /** Steps to be applied in this order. After each of them, the remaining records can be verified. */
  readonly steps: readonly PruningStep[];
  /** Why records that are old enough stay, if any do. */
  readonly obstacle?: string;
}

// Suffix of the folder of a log that is being deleted.
const DOOMED = '.deleted';

/**
 * Plans which parts of a log to delete because they are older than `cutoff`, by the times in their records.
 *
 * 1. A segment is deleted if its last record and the first record after it are older, and if all segments before it are deleted.
 * 2. The newest segment stays. So does the one before it, until the newest has a checkpoint.
 * 3. The last checkpoint of the last deleted segment stays, because verification of the rest begins with it and its line of
 * `ranges`. If that checkpoint or that line is not valid, the segment stays, with all later ones.
 * 4. In the other segments that stay, checkpoints of older records are deleted, except the last of them and the last of the
 * segment.
 * 5. A log that was closed is deleted as a whole when all of it is older. A log that was sealed stays.
 *
 * The log may be written to meanwhile: its newest segment and its file `ranges` are not touched.
 */
export function planPruning(log: FoundLog, cutoff: Date): PruningPlan {
  if (log.state === 'sealed') return { steps: [] };
  return log.state === 'closed' ? { steps: planClosed(log.path, cutoff) } : planOpen(log.path, cutoff);
}

function planClosed(path: string, cutoff: Date): PruningStep[] {
  const newest = listSegments(path).at(-1);
  const last = newest && lastRecord(newest.records);
  if (!last || !isOlder(last, cutoff)) return [];
  const apply = (): void => {
    // A half-deleted log would look as if someone had tampered with it.
    const doomed = `${path}${DOOMED}`;
    renameSync(path, doomed);
    rmSync(doomed, { recursive: true });
  };
  return [{ did: 'deleted', what: `${basename(path)} (${describeEnd(last)})`, apply }];
}

function planOpen(path: string, cutoff: Date): PruningPlan {
  const { parts, ranges } = listParts(path);
  const newest = parts.at(-1);
  if (!newest) return { steps: [] };
  const end = parts.length - (newestNote(newest.checkpoints) === undefined ? 2 : 1);
  let keep = parts.findIndex(({ hasRecords }) => hasRecords);
  let obstacle: string | undefined;
  for (; keep !== -1 && keep < end; keep += 1) {
    const [part, next] = [parts[keep], parts[keep + 1]];
    if (!part || !next || !isAllOlder(part, next, cutoff)) break;
    obstacle = whyUnproven(path, part, next, ranges);
    if (obstacle !== undefined) break;
  }
  const gone = parts.slice(0, Math.max(keep, 0));
  // If something is wrong with the log, its checkpoints are left alone.
  const thinned = obstacle === undefined ? parts.slice(gone.length, -1) : [];
  const steps = [
    ...gone.flatMap((part, index) => deletion(path, part, gone[index - 1])),
    ...gone.slice(-1).flatMap((part) => thinning(path, part, Infinity)),
    ...thinned.flatMap((part) => thinning(path, part, endOfOlder(part, cutoff))),
  ];
  return { steps, ...(obstacle !== undefined && { obstacle }) };
}

/** Plans the removal of folders whose deletion was interrupted by a crash. */
export function planLeftovers(directory: string): PruningStep[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(`.closed${DOOMED}`))
    .map((name) => {
      const apply = (): void => {
        rmSync(join(directory, name), { recursive: true });
      };
      return { did: 'deleted', what: name, apply };
    });
}

/** Deletes the records of a segment, and the checkpoints of the previous segment, which are no longer needed. */
function deletion(path: string, part: LogPart, before: LogPart | undefined): PruningStep[] {
  const last = part.hasRecords ? lastRecord(part.records) : undefined;
  return [
    ...(part.hasRecords ? [deleting(path, part.records, last && ` (${describeEnd(last)})`)] : []),
    ...(before && before.checkpointBytes > 0 ? [deleting(path, before.checkpoints)] : []),
  ];
}

function deleting(path: string, file: string, detail = ''): PruningStep {
  const apply = (): void => {
    // A crash may have left the second file.
    for (const each of [file, `${file}${SUCCESSOR}`]) rmSync(each, { force: true });
  };
  return { did: 'deleted', what: `${nameIn(path, file)}${detail}`, apply };
}

/** Deletes checkpoints of at most `size` records, except the last of them and the last of all. */
function thinning(path: string, { checkpoints, checkpointBytes }: LogPart, size: number): PruningStep[] {
  if (checkpointBytes === 0) return [];
  const { notes, torn } = splitNotes(readFileSync(checkpoints, 'utf8'));
  const isOld = notes.map((note) => Number(note.split('\n')[1]) <= size);
  const kept = notes.filter((_note, index) => !(isOld[index] && isOld[index + 1]));
  // Torn checkpoints are left for `audit verify` to see.
  if (torn > 0 || kept.length === notes.length) return [];
  const what = `${nameIn(path, checkpoints)} (${kept.length} of ${notes.length} checkpoints stay)`;
  const apply = (): void => {
    replaceFile(checkpoints, kept.map((note) => `${note}\n`).join(''));
  };
  return [{ did: 'thinned', what, apply }];
}

/** Returns the index of the segment's first record that is not older than the cutoff. */
function endOfOlder({ records, hasRecords }: LogPart, cutoff: Date): number {
  const first = hasRecords ? firstRecord(records) : undefined;
  if (!first || !isOlder(first, cutoff)) return 0;
  return firstRecordSince(records, cutoff)?.index ?? Infinity;
}

/**
 * Whether all records of a segment are older. Order counts more than time: a record is older than those after it, even if a clock
 * was wrong.
 */
function isAllOlder(part: LogPart, next: LogPart, cutoff: Date): boolean {
  const last = lastRecord(part.records);
  const behind = next.hasRecords ? firstRecord(next.records) : undefined;
  return last !== undefined && isOlder(last, cutoff) && (behind === undefined || isOlder(behind, cutoff));
}

function isOlder(record: AuditRecord, cutoff: Date): boolean {
  return timeOf(record) < cutoff.getTime();
}

/** Returns why verification could not begin with the second segment. Undefined if it could. */
function whyUnproven(
  path: string,
  { checkpoints }: LogPart,
  next: LogPart,
  { ranges }: RangesFile,
): string | undefined {
  const size = next.first;
  if (!next.hasRecords) return `${nameIn(path, next.records)} is missing`;
  const range = ranges.find((each) => each.size === size);
  if (!range) return `ranges has no line of size ${size}`;
  const name = nameIn(path, checkpoints);
  const head = signedHead(newestNote(checkpoints), logFolder(path).vkey);
  if (typeof head === 'string') return `the last checkpoint of ${name}: ${head}`;
  if (head.size !== size) return `the last checkpoint of ${name} has size ${head.size}, not ${size}`;
  return head.root.equals(range.root())
    ? undefined
    : `the line of size ${size} in ranges has another root than ${name}`;
}

/** Returns the content that a note signs, or the reason why it is not valid. */
function signedHead(note: string | undefined, vkey: string): TreeHead | string {
  if (note === undefined) return 'there is none';
  try {
    return parseTreeHead(openNote(note, [parseVkey(readFileSync(vkey, 'utf8').trimEnd())])) ?? 'it has another form';
  } catch (error) {
    if (error instanceof NoteFailure) return error.message;
    throw error;
  }
}

function describeEnd(record: AuditRecord): string {
  const time = timeOf(record);
  return `to record ${record.index}, ${Number.isNaN(time) ? 'of an unknown time' : new Date(time).toISOString()}`;
}

function nameIn(path: string, file: string): string {
  return `${basename(path)}/${basename(file)}`;
}

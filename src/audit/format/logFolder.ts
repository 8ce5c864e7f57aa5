import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseIndex } from './parseIndex.ts';

/** Slots of one host: `main` is the process that was started, `w1`, `w2` and so on are its workers, and `cli` is for commands. */
export const SLOT_PATTERN = /^(main|cli|w[1-9]\d*)$/;

/** `audit.origin`. Followed by the slot, it is the name of a note's key. A URL without scheme is recommended. */
export const ORIGIN_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/;

const SEGMENT = /^(\d{20})\.ndjson$/;

/** Files of one log. */
export interface LogFolder {
  readonly path: string;
  /** One line for each end of a segment: the compact range of the tree at that point. */
  readonly ranges: string;
  /** The verifier key, on one line. */
  readonly vkey: string;
  /** Process id of the writer. */
  readonly lock: string;
}

export function logFolder(path: string): LogFolder {
  return { path, ranges: join(path, 'ranges'), vkey: join(path, 'vkey'), lock: join(path, 'lock') };
}

/** Files of the segment whose first record has this index. */
export interface Segment {
  /** Index of its first record. */
  readonly first: number;
  /** One record per line. */
  readonly records: string;
  /** Signed notes, each followed by an empty line. */
  readonly checkpoints: string;
}

export function segmentAt(path: string, first: number): Segment {
  const name = join(path, String(first).padStart(20, '0'));
  return { first, records: `${name}.ndjson`, checkpoints: `${name}.checkpoints` };
}

/** Lists the existing segments of a log, oldest first. */
export function listSegments(path: string): Segment[] {
  const firsts = readdirSync(path).flatMap((name) => parseFirst(SEGMENT.exec(name)?.[1]) ?? []);
  return firsts.sort((a, b) => a - b).map((first) => segmentAt(path, first));
}

/** Index that 20 digits in the name of a segment's file give; undefined if no log is so long. */
export function parseFirst(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : parseIndex(digits.replace(/^0+(?=\d)/, ''));
}

/** Splits a file of checkpoints into its whole notes. `torn` is the number of characters after the last one. */
export function splitNotes(text: string): { readonly notes: readonly string[]; readonly torn: number } {
  // The form is: text LF LF signature LF LF. Each note has one empty line inside and one after it.
  const notes: string[] = [];
  let start = 0;
  for (;;) {
    const inside = text.indexOf('\n\n', start);
    const behind = inside === -1 ? -1 : text.indexOf('\n\n', inside + 2);
    if (behind === -1) return { notes, torn: text.length - start };
    notes.push(text.slice(start, behind + 1));
    start = behind + 2;
  }
}

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listSegments, logFolder, type Segment } from '../format/logFolder.ts';
import { newestCheckpoint } from '../format/newestNote.ts';
import { MAX_LINE_BYTES, readLines } from '../format/recordLines.ts';
import { NoteFailure, openNote, parseVkey } from '../format/signedNote.ts';
import { TileWriter } from './tileWriter.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

/** A log cannot be exported. The message says why. */
export class ExportFailure extends Error {
  override readonly name = 'ExportFailure';
}

/** A log with everything that an export needs. */
export interface ExportableLog {
  readonly segments: readonly Segment[];
  /** Its newest checkpoint. */
  readonly note: string;
  readonly head: TreeHead;
}

const RECORDS_BETWEEN_STEPS = 4_096;

/** Checks that a log can be exported: its beginning exists, and its newest checkpoint is signed. Throws ExportFailure. */
export function openForExport(path: string): ExportableLog {
  const segments = listSegments(path);
  const [first] = segments;
  if (!first) throw new ExportFailure('it has no records');
  if (first.first > 0) {
    throw new ExportFailure(
      `it was pruned: its records before ${first.first} are gone, and tiles must begin with record 0`,
    );
  }
  const note = newestCheckpoint(segments);
  if (note === undefined) throw new ExportFailure('it has no checkpoint');
  return { segments, note, head: openHead(note, logFolder(path).vkey) };
}

/**
 * Writes the records that the newest checkpoint signs to a folder as C2SP tlog-tiles. The folder is created if missing, and
 * emptied again if the export does not finish. Yields the number of written records from time to time. Throws ExportFailure, or
 * the file system's error.
 */
export function* exportTiles({ segments, note, head }: ExportableLog, folder: string): Generator<number> {
  takeFolder(folder);
  let isDone = false;
  try {
    const tiles = new TileWriter(folder);
    for (const segment of segments) {
      if (tiles.size === head.size) break;
      yield* appendSegment(tiles, segment, head.size);
    }
    if (tiles.size < head.size) {
      throw new ExportFailure(`it has ${tiles.size} records, but its newest checkpoint signs ${head.size}`);
    }
    if (!tiles.finish().equals(head.root)) {
      throw new ExportFailure('its records are not those that its newest checkpoint signs: audit verify tells which');
    }
    // The checkpoint is written last, because a folder without it does not count as a log.
    writeFileSync(join(folder, 'checkpoint'), note, { mode: 0o600, flag: 'wx' });
    isDone = true;
  } finally {
    if (!isDone)
      for (const name of ['checkpoint', 'tile']) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function* appendSegment(tiles: TileWriter, { first, records }: Segment, size: number): Generator<number> {
  if (first !== tiles.size)
    throw new ExportFailure(`its segment ${first} does not follow the ${tiles.size} records before it`);
  for (const line of readLines(records)) {
    if (line.bytes.length > MAX_LINE_BYTES) throw new ExportFailure(`its record ${tiles.size} is too long for a tile`);
    tiles.append(line.bytes, line.leafHash());
    if (tiles.size % RECORDS_BETWEEN_STEPS === 0) yield tiles.size;
    if (tiles.size === size) return;
  }
}

function openHead(note: string, vkey: string): TreeHead {
  try {
    const head = parseTreeHead(openNote(note, [parseVkey(readFileSync(vkey, 'utf8').trimEnd())]));
    if (head) return head;
  } catch (error) {
    if (!(error instanceof NoteFailure)) throw error;
    throw new ExportFailure(`its newest checkpoint cannot be trusted: ${error.message}`);
  }
  throw new ExportFailure('its newest checkpoint has another form');
}

/** Creates the folder, unless it exists and is empty, and its first entry. No other export can create that entry afterwards. */
function takeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tiles = join(folder, 'tile');
  if (readdirSync(folder).length === 0 && mkdirSync(tiles, { recursive: true, mode: 0o700 }) !== undefined) return;
  throw new ExportFailure(`${folder} is not empty`);
}

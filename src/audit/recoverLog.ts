import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { CompactRange } from './compactRange.ts';
import { listSegments, splitNotes, type LogFolder, type Segment } from './logFolder.ts';
import { readLines } from './recordLines.ts';
import { openNote, parseVkey, type VerifierKey } from './signedNote.ts';
import { parseTreeHead, type TreeHead } from './treeHead.ts';

/** A log that can be continued. */
export interface RecoveredLog {
  readonly segment: Segment;
  /** Of all records. */
  readonly range: CompactRange;
  /** Bytes of an unfinished last record, which was cut. */
  readonly tornBytes: number;
  /** Bytes of an unfinished last checkpoint, which was cut. */
  readonly tornCheckpointBytes: number;
  /** The newest checkpoint. */
  readonly checkpoint: string | undefined;
  /** Records of the newest checkpoint. */
  readonly signed: number;
}

/** The files of a log contradict one another: something has changed them, or lost a part. */
export class EvidenceFound extends Error {
  override readonly name = 'EvidenceFound';
  /** The newest checkpoint that the records agree with. */
  readonly lastGood: string | undefined;

  constructor(message: string, lastGood?: string) {
    super(message);
    this.lastGood = lastGood;
  }
}

/** A checkpoint of the newest segment, or the one that the segment begins with. */
interface Signed {
  readonly note: string;
  readonly head: TreeHead;
}

/**
 * Reads a log back: the tree from `ranges` and the newest segment, which is compared with the checkpoints. What a crash leaves
 * behind (a torn record, checkpoint or line of `ranges`) is cut. Undefined: there is no record yet.
 * Throws EvidenceFound, with nothing changed, if the files contradict one another.
 */
export function recoverLog(folder: LogFolder): RecoveredLog | undefined {
  const segments = listSegments(folder.path);
  const segment = segments.at(-1);
  if (!segment) {
    if (existsSync(folder.ranges)) throw new EvidenceFound('its records are missing');
    return undefined;
  }
  const key = readKey(folder);
  const ranges = readRanges(folder);
  const range = rangeAt(segment, ranges.text);
  const before = segments.at(-2);
  const found = readCheckpoints(segment, key);
  const earlier = before && found.signed.length === 0 ? readCheckpoints(before, key).signed.slice(-1) : [];
  const signed = [...earlier, ...found.signed];
  const judged = judge(signed, segment, range);

  if (ranges.torn > 0) truncateSync(folder.ranges, statSync(folder.ranges).size - ranges.torn);
  if (found.torn > 0) truncateSync(segment.checkpoints, statSync(segment.checkpoints).size - found.torn);
  if (judged.torn > 0) truncateSync(segment.records, judged.bytes);
  const newest = signed.at(-1);
  return {
    segment,
    range,
    tornBytes: judged.torn,
    tornCheckpointBytes: found.torn,
    checkpoint: newest?.note,
    signed: newest?.head.size ?? 0,
  };
}

/** Reads all records of the segment into `range`, and compares each checkpoint on the way. */
function judge(signed: readonly Signed[], segment: Segment, range: CompactRange): { bytes: number; torn: number } {
  let lastGood: string | undefined;
  let next = 0;
  const compare = (): void => {
    for (let at = signed[next]; at && at.head.size <= range.size; at = signed[next]) {
      if (at.head.size !== range.size || !at.head.root.equals(range.root())) {
        throw new EvidenceFound(`its checkpoint of ${at.head.size} records is not that of its records`, lastGood);
      }
      lastGood = at.note;
      next += 1;
    }
  };
  compare();
  const lines = readLines(segment.records);
  for (;;) {
    const line = lines.next();
    if (line.done) {
      const missing = signed[next];
      if (missing)
        throw new EvidenceFound(
          `it has ${range.size} records, but a checkpoint of ${missing.head.size}: records are missing`,
          lastGood,
        );
      return line.value;
    }
    if (indexOf(line.value.bytes.toString()) !== range.size) {
      throw new EvidenceFound(`the line of record ${range.size} is no record with this index`, lastGood);
    }
    range.append(line.value.leafHash());
    compare();
  }
}

function indexOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { index?: unknown } | null)?.index;
  } catch {
    return undefined;
  }
}

function readKey({ vkey }: LogFolder): VerifierKey {
  try {
    return parseVkey(readFileSync(vkey, 'utf8').trimEnd());
  } catch {
    throw new EvidenceFound('its file vkey cannot be read');
  }
}

function readRanges({ ranges }: LogFolder): { readonly text: string; readonly torn: number } {
  const text = existsSync(ranges) ? readFileSync(ranges, 'utf8') : '';
  const end = text.lastIndexOf('\n') + 1;
  return { text: text.slice(0, end), torn: text.length - end };
}

function rangeAt({ first }: Segment, ranges: string): CompactRange {
  if (first === 0) return new CompactRange();
  const line = ranges.split('\n').findLast((each) => each.startsWith(`${first} `));
  const range = line === undefined ? undefined : CompactRange.parse(line);
  if (range?.size === first) return range;
  throw new EvidenceFound(`its file ranges has no line for the segment that begins with record ${first}`);
}

function readCheckpoints(segment: Segment, key: VerifierKey): { readonly signed: Signed[]; readonly torn: number } {
  const text = existsSync(segment.checkpoints) ? readFileSync(segment.checkpoints, 'utf8') : '';
  const { notes, torn } = splitNotes(text);
  const signed = notes.map((note, index) => {
    // The signatures of the others are for `audit verify`: here the newest stands for them.
    const head = parseTreeHead(
      index === notes.length - 1 ? textOf(note, key) : note.slice(0, note.indexOf('\n\n') + 1),
    );
    if (!head) throw new EvidenceFound(`checkpoint ${index} of ${segment.checkpoints} cannot be read`);
    return { note, head };
  });
  return { signed, torn: Buffer.byteLength(text.slice(text.length - torn)) };
}

function textOf(note: string, key: VerifierKey): string {
  try {
    return openNote(note, [key]);
  } catch (error) {
    throw new EvidenceFound(`its newest checkpoint: ${(error as Error).message}`);
  }
}

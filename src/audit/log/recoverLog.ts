import { readdirSync, statSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CompactRange } from '../format/compactRange.ts';
import { listSegments, parseFirst, segmentAt, splitNotes, type LogFolder, type Segment } from '../format/logFolder.ts';
import { readTail, type FileTail } from '../format/readTail.ts';
import { readLines } from '../format/recordLines.ts';
import { openNote, parseVkey, type VerifierKey } from '../format/signedNote.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

/** A log that can be continued. */
export interface RecoveredLog {
  /** The segment that continues. Its files may be missing. */
  readonly segment: Segment;
  /** The tree over all records. */
  readonly range: CompactRange;
  /** The log's verifier key. */
  readonly vkey: string;
  /** Bytes of an incomplete last record. */
  readonly tornBytes: number;
  /** Bytes of an incomplete last checkpoint. */
  readonly tornCheckpointBytes: number;
  /** Files with an incomplete end, and the number of bytes before it. */
  readonly torn: readonly { readonly file: string; readonly kept: number }[];
  /** The newest checkpoint. */
  readonly checkpoint: string | undefined;
  /** Number of records that the newest checkpoint covers. */
  readonly signed: number;
}

/** The files of a log contradict one another: they were changed, or a part was lost. */
export class EvidenceFound extends Error {
  override readonly name = 'EvidenceFound';
  /** The newest checkpoint that matches the records. */
  readonly lastGood: string | undefined;

  constructor(message: string, lastGood?: string) {
    super(message);
    this.lastGood = lastGood;
  }
}

/** A checkpoint of the newest segment, or the one at which that segment begins. */
interface Signed {
  readonly note: string;
  readonly head: TreeHead;
}

// Room for 180,000 checkpoints. Only `audit verify` reads earlier checkpoints and earlier lines of `ranges`.
const MAX_CHECKPOINT_BYTES = 64 * 1024 * 1024;
const MAX_RANGES_BYTES = 1024 * 1024;
const MAX_VKEY_BYTES = 1024;

/**
 * Reads the state of a log, and changes nothing: the tree from `ranges` and the newest segment, whose records are compared with
 * the checkpoints. Remains of a crash (a torn record, checkpoint or line of `ranges`) are no contradiction. Returns undefined if
 * there is no record yet. Throws EvidenceFound if the files contradict one another.
 */
export function recoverLog(folder: LogFolder): RecoveredLog | undefined {
  const segments = listSegments(folder.path);
  const segment = segments.at(-1);
  const ranges = readRanges(folder);
  refuseLostRecords(folder, segment);
  if (!segment) {
    if (ranges) throw new EvidenceFound('its records are missing');
    return undefined;
  }
  const { vkey, key } = readKey(folder);
  const range = rangeAt(segment, ranges?.lines ?? []);
  const before = segments.at(-2);
  const found = readCheckpoints(segment, key);
  const earlier = before && found.signed.length === 0 ? readCheckpoints(before, key).signed.slice(-1) : [];
  const signed = [...earlier, ...found.signed];
  const records = judge(signed, segment, range);
  const newest = signed.at(-1);
  const ends = [
    { file: folder.ranges, torn: ranges?.torn ?? 0, kept: ranges?.kept ?? 0 },
    { file: segment.checkpoints, torn: found.torn, kept: found.kept },
    { file: segment.records, torn: records.torn, kept: records.bytes },
  ];
  return {
    segment: endsAt(range, ranges?.lines.at(-1)) ? segmentAt(folder.path, range.size) : segment,
    range,
    vkey,
    tornBytes: records.torn,
    tornCheckpointBytes: found.torn,
    torn: ends.filter(({ torn }) => torn > 0),
    checkpoint: newest?.note,
    signed: newest?.head.size ?? 0,
  };
}

/** Cuts off the parts that a crash has left incomplete. */
export function cutTornEnds({ torn }: RecoveredLog): void {
  for (const { file, kept } of torn) truncateSync(file, kept);
}

/** Whether the segment ends here: `ranges` already has its line, but a crash came before the next segment. */
function endsAt(range: CompactRange, lastLine: string | undefined): boolean {
  if (lastLine === undefined) return false;
  const { size = Infinity } = CompactRange.parse(lastLine) ?? {};
  if (size > range.size) throw new EvidenceFound(`it has ${range.size} records, but its file ranges lists more`);
  if (size === range.size && lastLine !== range.toString()) {
    throw new EvidenceFound('its file ranges has another tree than its records');
  }
  return size === range.size;
}

/** Throws EvidenceFound if there are checkpoints of a segment after the last one with records. */
function refuseLostRecords({ path }: LogFolder, last: Segment | undefined): void {
  for (const name of readdirSync(path)) {
    const first = parseFirst(/^(\d{20})\.checkpoints$/.exec(name)?.[1]) ?? -1;
    const isBehind =
      first > (last?.first ?? -1) && (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (isBehind) throw new EvidenceFound(`its records from ${first} on are missing`);
  }
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
  requireFile(segment.records);
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

function readKey({ vkey }: LogFolder): { readonly vkey: string; readonly key: VerifierKey } {
  const text = readEnd(vkey, MAX_VKEY_BYTES)?.text.trimEnd() ?? '';
  try {
    return { vkey: text, key: parseVkey(text) };
  } catch {
    throw new EvidenceFound('its file vkey cannot be read');
  }
}

/** Returns undefined if there is no such file. */
function readRanges({ ranges }: LogFolder): { lines: readonly string[]; torn: number; kept: number } | undefined {
  const end = readEnd(ranges, MAX_RANGES_BYTES);
  if (!end) return undefined;
  const lines = end.text.split('\n');
  const torn = lines.pop()?.length ?? 0;
  return { lines, torn, kept: end.size - torn };
}

function rangeAt({ first }: Segment, lines: readonly string[]): CompactRange {
  if (first === 0) return new CompactRange();
  const line = lines.findLast((each) => each.startsWith(`${first} `));
  const range = line === undefined ? undefined : CompactRange.parse(line);
  if (range?.size === first) return range;
  throw new EvidenceFound(`its file ranges has no line for the segment that begins with record ${first}`);
}

function readCheckpoints(
  segment: Segment,
  key: VerifierKey,
): { readonly signed: Signed[]; readonly torn: number; readonly kept: number } {
  const { size, text } = readEnd(segment.checkpoints, MAX_CHECKPOINT_BYTES) ?? { size: 0, text: '' };
  const behind = text.length < size ? text.indexOf(`\n\n${key.name}\n`) : -2;
  if (behind === -1) throw new EvidenceFound(`the end of ${basename(segment.checkpoints)} has no checkpoint`);
  const { notes, torn } = splitNotes(text.slice(behind + 2));
  const signed = notes.map((bytes, index) => {
    const note = Buffer.from(bytes, 'latin1').toString();
    // Verifying the other signatures is left to `audit verify`. Here the newest checkpoint stands for them.
    const head = parseTreeHead(
      index === notes.length - 1 ? textOf(note, key) : note.slice(0, note.indexOf('\n\n') + 1),
    );
    if (!head) throw new EvidenceFound(`checkpoint ${index} of ${segment.checkpoints} cannot be read`);
    return { note, head };
  });
  return { signed, torn, kept: size - torn };
}

/** Reads the end of a file. Undefined if the file is missing. Throws EvidenceFound if the path is not a file. */
function readEnd(file: string, maxBytes: number): FileTail | undefined {
  if (!statSync(file, { throwIfNoEntry: false })) return undefined;
  requireFile(file);
  return readTail(file, maxBytes);
}

function requireFile(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new EvidenceFound(`${basename(file)} is no file`);
}

function textOf(note: string, key: VerifierKey): string {
  try {
    return openNote(note, [key]);
  } catch (error) {
    throw new EvidenceFound(`its newest checkpoint: ${(error as Error).message}`);
  }
}

import type { FoundLog } from '../format/findLogs.ts';
import { CompactRange, leafHash } from '../format/compactRange.ts';
import { InclusionProver, rootOfProof } from '../format/inclusionProof.ts';
import { keysOf } from './logKeys.ts';
import { listParts, type LogPart, type LogParts } from '../format/logParts.ts';
import { Problems } from './logReport.ts';
import { readNotes } from './readCheckpoints.ts';
import { readLines, type RecordLine } from '../format/recordLines.ts';
import { NoteFailure, openNote } from '../format/signedNote.ts';
import { formatTlogProof } from '../format/tlogProof.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

export class ProofFailure extends Error {
  override readonly name = 'ProofFailure';
}

/** A record of a log, and the proof that the log contains it. */
export interface ProvenRecord {
  readonly head: TreeHead;
  readonly index: number;
  /** The line of the record, without LF. */
  readonly record: Buffer;
  /** The proof, in the form of C2SP tlog-proof. */
  readonly proof: string;
}

// About 50 ms of work.
const RECORDS_BETWEEN_PAUSES = 16_384;

/**
 * Proves that a log contains a record, by its newest checkpoint. It reads the records from the segment of `index` on. `ranges`
 * has the tree of all earlier records, so earlier segments may have been deleted. `pause` is awaited from time to time, with the
 * number of records read so far and the number of all. Throws ProofFailure.
 */
export async function proveRecord(
  log: FoundLog,
  index: number,
  pause: (done: number, total: number) => Promise<void>,
): Promise<ProvenRecord> {
  const files = listParts(log.path);
  const { note, head } = await newestCheckpoint(log, files);
  if (index >= head.size) {
    throw new ProofFailure(
      `the newest checkpoint covers records 0 to ${head.size - 1}: record ${index} does not exist, or is not signed yet`,
    );
  }
  const { range, parts } = startBefore(index, files);
  const prover = new InclusionProver(index, head.size);
  prover.begin(range);
  let next = range.size;
  let record: Buffer | undefined;
  for (const line of linesOf(parts)) {
    if (next === head.size) break;
    prover.append(line.leafHash());
    if (next === index) record = Buffer.from(line.bytes);
    next += 1;
    if (next % RECORDS_BETWEEN_PAUSES === 0) await pause(next - range.size, head.size - range.size);
  }
  const hashes = prover.proof();
  if (!record || !rootOfProof(leafHash(record), index, head.size, hashes)?.equals(head.root)) {
    throw new ProofFailure(
      'the records do not fit the newest checkpoint: run `audit verify`, which says what is wrong',
    );
  }
  return { head, index, record, proof: formatTlogProof({ record, index, hashes, checkpoint: note }) };
}

async function newestCheckpoint(log: FoundLog, files: LogParts): Promise<{ note: string; head: TreeHead }> {
  const problems = new Problems();
  const { name, keys } = keysOf(log, files, undefined, problems);
  for (const { checkpoints, checkpointBytes } of files.parts.toReversed()) {
    let note: string | undefined;
    for await (const each of readNotes(checkpoints, checkpointBytes)) note = each;
    if (note === undefined) continue;
    try {
      const head = parseTreeHead(openNote(note, keys));
      if (head && head.origin === name) return { note, head };
      throw new ProofFailure('its newest checkpoint belongs to another log');
    } catch (error) {
      if (!(error instanceof NoteFailure)) throw error;
      throw new ProofFailure(`its newest checkpoint: ${problems.listed[0]?.message ?? error.message}`);
    }
  }
  throw new ProofFailure('the log has no checkpoint');
}

/** Finds where to start reading: the segment of the record, and the tree of the records before that segment. */
function startBefore(index: number, { parts, ranges }: LogParts): { range: CompactRange; parts: readonly LogPart[] } {
  const withRecords = parts.filter(({ hasRecords }) => hasRecords);
  const place = withRecords.findLastIndex(({ first }) => first <= index);
  const first = withRecords[place]?.first;
  if (first === undefined) {
    throw new ProofFailure(
      `record ${index} was deleted: the first one that exists is ${withRecords[0]?.first ?? 'none'}`,
    );
  }
  const range = first === 0 ? new CompactRange() : ranges.ranges.find(({ size }) => size === first);
  if (!range) throw new ProofFailure(`the file ranges has no line of size ${first}`);
  return { range, parts: withRecords.slice(place) };
}

function* linesOf(parts: readonly LogPart[]): Generator<RecordLine> {
  for (const { records } of parts) yield* readLines(records);
}

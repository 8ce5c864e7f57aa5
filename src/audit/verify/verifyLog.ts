import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { CheckedTree } from './checkedTree.ts';
import { slotOf, type FoundLog } from '../format/findLogs.ts';
import { KeptCheckpoints, type KeptCheckpoint } from './keptCheckpoints.ts';
import { logFolder } from '../format/logFolder.ts';
import { keysOf, type LogKeys } from './logKeys.ts';
import { listParts, type LogPart, type LogParts } from '../format/logParts.ts';
import { Problems, type LogReport } from './logReport.ts';
import { RangesCheck } from './rangesCheck.ts';
import { OtherLogs } from './otherLogs.ts';
import { readCheckpoints, type ReadCheckpoint } from './readCheckpoints.ts';
import { readLines, type LinesEnd, type RecordLine } from '../format/recordLines.ts';
import { NoteFailure, type VerifierKey } from '../format/signedNote.ts';
import type { TreeHead } from '../format/treeHead.ts';
import { UnsignedTail } from './unsignedTail.ts';
import { describeKey } from '../format/verifierKeys.ts';
import { holderOf } from '../../fileLock.ts';

export interface VerifyOptions {
  /** Verifier keys that were kept away from the log. If undefined, each log's own key is used. */
  readonly trusted: readonly VerifierKey[] | undefined;
  /** Checkpoints that were kept away from the logs. Those of other logs are ignored. */
  readonly kept: readonly string[];
  /** Awaited from time to time, with the number of lines and bytes read since the last time. */
  readonly pause: (records: number, bytes: number) => Promise<void>;
}

type Lines = Iterator<RecordLine, LinesEnd>;

// About 50 ms of work.
const RECORDS_BETWEEN_PAUSES = 16_384;
const NO_LINES: LinesEnd = { bytes: 0, torn: 0 };

export interface VerifiedLog {
  readonly report: LogReport;
  /** The checkpoints in `VerifyOptions.kept` that belong to this log. */
  readonly kept: readonly KeptCheckpoint[];
  readonly others: OtherLogs;
}

/**
 * Verifies everything in the folder of a log, in constant memory. The log may grow meanwhile.
 *
 * 1. The files are listed before the records are read, so that the records include all that the checkpoints sign.
 * 2. The lines of a segment must be its records, each exactly once and in order (RecordSequence).
 * 3. The tree over them must have the root of each signed checkpoint at its size (CheckedTree), and of the checkpoints kept
 * elsewhere.
 * 4. At the end of a segment the tree must match the line in `ranges` (RangesCheck), which a checkpoint must sign.
 * 5. After damaged or missing records, and after deleted segments, the tree is unknown up to the next segment. There it is
 * started again from the line in `ranges`, if that line has the root of a signed checkpoint.
 */
export function verifyLog(log: FoundLog, options: VerifyOptions): Promise<VerifiedLog> {
  return new LogVerification(log, options).run();
}

class LogVerification {
  readonly #log: FoundLog;
  readonly #pause: VerifyOptions['pause'];
  readonly #problems = new Problems();
  readonly #files: LogParts;
  readonly #keys: LogKeys;
  readonly #kept: KeptCheckpoints;
  readonly #ranges: RangesCheck;
  readonly #others = new OtherLogs();
  readonly #tail = new UnsignedTail(this.#problems);
  readonly #tree = new CheckedTree(this.#problems);
  /** The newest signed checkpoint. */
  #newest: { readonly note: string; readonly size: number } | undefined;
  #checkpoints = 0;
  #records = 0;
  #bytesSincePause = 0;
  /** The end of the current segment. Set when the segment has no more lines. */
  #end: LinesEnd | undefined;
  #tornBytes = 0;
  #tornCheckpointBytes = 0;

  constructor(log: FoundLog, { trusted, kept, pause }: VerifyOptions) {
    this.#log = log;
    this.#pause = pause;
    this.#files = listParts(log.path);
    this.#keys = keysOf(log, this.#files, trusted, this.#problems);
    this.#kept = new KeptCheckpoints(kept, this.#keys);
    this.#ranges = new RangesCheck(this.#files.ranges, this.#problems);
  }

  async run(): Promise<VerifiedLog> {
    const firstIndex = this.#files.parts.find(({ hasRecords }) => hasRecords)?.first ?? 0;
    if (this.#keys.keys.length > 0) await this.#verify(firstIndex);
    return { report: this.#report(firstIndex), kept: this.#kept.outcomes, others: this.#others };
  }

  #report(firstIndex: number): LogReport {
    const { lock } = logFolder(this.#log.path);
    return {
      folder: basename(resolve(this.#log.path)),
      kind: this.#log.state,
      slot: slotOf(this.#log) ?? this.#keys.name?.split('/').at(-1),
      name: this.#keys.name,
      keys: this.#keys.keys.map(describeKey),
      records: this.#records,
      firstIndex,
      signedRecords: this.#newest?.size ?? 0,
      unsigned: Math.max(this.#tree.next - Math.max(this.#newest?.size ?? 0, this.#tree.provenTo), 0),
      unsignedSince: this.#tail.since,
      segments: this.#files.parts.filter(({ hasRecords }) => hasRecords).length,
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#newest?.note,
      tornBytes: this.#tornBytes,
      tornCheckpointBytes: this.#tornCheckpointBytes,
      writer: holderOf(lock) ?? (existsSync(lock) ? 'stale' : undefined),
      proven: this.#tree.proven,
      extended: this.#kept.extended,
      problems: this.#problems.listed,
      problemCount: this.#problems.count,
    };
  }

  async #verify(firstIndex: number): Promise<void> {
    const { parts } = this.#files;
    this.#kept.skipBefore(firstIndex);
    for (const [index, part] of parts.entries()) {
      const next = parts[index + 1]?.first;
      // Pruning deletes a segment's records and leaves its checkpoints.
      const isDeleted = part.first < firstIndex;
      if (!isDeleted) this.#beginSegment(part);
      await this.#readSegment(part, next, isDeleted);
      if (!isDeleted) this.#endSegment(next);
    }
    this.#tail.end();
    this.#ranges.finish(parts, firstIndex, this.#tree.next);
    this.#kept.finish(this.#tree.next);
  }

  #beginSegment({ first }: LogPart): void {
    if (this.#tree.range?.size === first) return;
    const range = this.#ranges.takeUpAt(first);
    this.#tree.takeUp(first, range);
    if (range) return;
    const why = 'ranges has no line of that size with the root of a signed checkpoint';
    this.#problems.add({ index: first, message: `records from ${first} on could not be verified: ${why}` });
  }

  async #readSegment(part: LogPart, next: number | undefined, isDeleted: boolean): Promise<void> {
    this.#tail.restart();
    const lines = part.hasRecords ? readLines(part.records) : undefined;
    this.#end = lines ? undefined : NO_LINES;
    try {
      for await (const head of this.#signedHeads(part, next)) {
        this.#ranges.noteSigned(head);
        if (isDeleted) continue;
        await this.#advance(lines, head.size);
        this.#tree.compare(head);
      }
      if (!isDeleted) await this.#advance(lines, Infinity);
    } finally {
      lines?.return(NO_LINES);
    }
  }

  #endSegment(next: number | undefined): void {
    this.#tree.endSegment();
    const end = this.#tree.next;
    const signed = this.#newest?.size ?? 0;
    if (next === undefined && signed > end) {
      const why = `missing: the log was signed with ${signed} records, so it was truncated`;
      this.#problems.addRecords(end, signed - 1, `is ${why}`, `are ${why}`);
    } else if (next !== undefined && end < next) {
      this.#problems.addRecords(end, next - 1, 'is missing', 'are missing');
    } else if (next !== undefined && end > next) {
      const why = 'at the end of the segment before its own, too';
      this.#problems.addRecords(next, end - 1, `stands ${why}`, `stand ${why}`);
    }
    if (this.#tree.range) this.#ranges.compare(this.#tree.range);
    const { torn } = this.#end ?? NO_LINES;
    if (next === undefined) this.#tornBytes = torn;
    else if (torn > 0) {
      const message = `the segment before record ${next} ends in ${torn} bytes that are no whole line`;
      this.#problems.add({ index: end, message });
    }
  }

  /** Yields the checkpoints of a segment that are signed and in the right place. Problems of the others are reported. */
  async *#signedHeads(part: LogPart, next: number | undefined): AsyncGenerator<TreeHead> {
    const file = basename(part.checkpoints);
    const checkpoints = readCheckpoints(part.checkpoints, part.checkpointBytes, this.#keys.keys);
    let lastSize = part.first;
    for (;;) {
      const { value, done } = await checkpoints.next();
      if (done) {
        if (next === undefined) this.#tornCheckpointBytes = value;
        else if (value > 0) this.#problems.add({ file, message: `the last checkpoint of ${file} is torn` });
        return;
      }
      this.#checkpoints += 1;
      const head = this.#judge(value, lastSize, next);
      if (typeof head === 'string') {
        const { place } = value;
        this.#problems.add({ file, checkpoint: place, message: `checkpoint ${place} of ${file}: ${head}` });
      } else {
        lastSize = head.size;
        this.#newest = { note: value.note, size: head.size };
        yield head;
      }
    }
  }

  /** Returns the content that a checkpoint signs, or its problem. */
  #judge({ content }: ReadCheckpoint, lastSize: number, next = Infinity): TreeHead | string {
    if (content instanceof NoteFailure) return content.message;
    const { origin, size } = content;
    if (origin !== this.#keys.name) return `it is one of another log, ${origin}`;
    if (size <= lastSize)
      return `it has size ${size}, which is not greater than the size before it: repeated or out of order`;
    if (size > next) return `it has size ${size}, but its segment ends at ${next}`;
    return content;
  }

  /** Reads the segment until the tree has this size, or to its end. */
  async #advance(lines: Lines | undefined, size: number): Promise<void> {
    const isSigned = size !== Infinity;
    while (this.#kept.nextSize <= size && this.#kept.nextSize !== Infinity) {
      await this.#read(lines, this.#kept.nextSize, isSigned);
      if (this.#tree.next < this.#kept.nextSize) return;
      if (!this.#kept.compare(this.#tree.range)) continue;
      this.#tree.proveHere();
      this.#tail.restart();
    }
    await this.#read(lines, size, isSigned);
  }

  async #read(lines: Lines | undefined, size: number, isSigned: boolean): Promise<void> {
    while (lines && !this.#end && this.#tree.next < size) {
      const { value, done } = lines.next();
      if (done) {
        this.#end = value;
        return;
      }
      this.#tree.take(value);
      this.#others.read(value, this.#tree.next - 1);
      if (!isSigned) this.#tail.read(value, this.#tree.next - 1);
      this.#records += 1;
      this.#bytesSincePause += value.bytes.length + 1;
      if (this.#records % RECORDS_BETWEEN_PAUSES > 0) continue;
      await this.#pause(RECORDS_BETWEEN_PAUSES, this.#bytesSincePause);
      this.#bytesSincePause = 0;
    }
  }
}

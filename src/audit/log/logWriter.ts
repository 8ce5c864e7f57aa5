import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { syncFolder } from './appendFile.ts';
import { CompactRange, leafHash } from '../format/compactRange.ts';
import { logFolder, segmentAt, type LogFolder } from '../format/logFolder.ts';
import { describeNewestAside, describePrevious, lookAtEarlier, tornParts, type PreviousLog } from './earlierLog.ts';
import { cutTornEnds, type RecoveredLog } from './recoverLog.ts';
import { appendRange, openSegment, type SegmentFiles } from './segmentFiles.ts';
import { setAside } from './setAside.ts';
import { NoteSigner } from '../format/signedNote.ts';
import { SpaceReserve } from './spaceReserve.ts';
import { auditRecord } from '../format/trailRecord.ts';
import { formatTreeHead } from '../format/treeHead.ts';
import { takeLock, type FileLock } from '../../fileLock.ts';

export interface LogOptions {
  readonly directory: string;
  readonly slot: string;
  readonly origin: string;
  /** The signing key, Ed25519. */
  readonly privateKey: KeyObject;
  /** When records are forced to the disk: before they count as taken, before each checkpoint, or never. */
  readonly sync: 'always' | 'interval' | 'never';
  /** Number of records in a segment. */
  readonly segmentRecords: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Members of the `start` record. */
  readonly about: object;
  /** Called for each checkpoint after it was written to its file. */
  readonly onCheckpoint?: ((checkpoint: Checkpoint) => void) | undefined;
}

export interface Checkpoint {
  /** The signed note. */
  readonly note: string;
  /** Number of records that it covers. */
  readonly size: number;
}

/**
 * The writer of one log: its records in segments, the tree over them, and checkpoints. Only one process may write at a time, and
 * calls must not overlap.
 */
export class LogWriter {
  readonly #options: LogOptions;
  readonly #folder: LogFolder;
  readonly #lock: FileLock;
  readonly #signer: NoteSigner;
  readonly #space: SpaceReserve;
  readonly #range: CompactRange;
  #files: SegmentFiles;
  #signed: number;
  #signedAt: number;

  private constructor(options: LogOptions, lock: FileLock, signer: NoteSigner, recovered: RecoveredLog | undefined) {
    const path = join(options.directory, options.slot);
    this.#options = options;
    this.#folder = logFolder(path);
    this.#lock = lock;
    this.#signer = signer;
    this.#space = new SpaceReserve(path, () => performance.now());
    this.#range = recovered?.range ?? new CompactRange();
    this.#signed = recovered?.signed ?? 0;
    this.#signedAt = options.clock();
    this.#files = openSegment(recovered?.segment ?? segmentAt(path, 0), this.#isForced);
  }

  /**
   * Opens the log of a slot, or begins one, and writes its `start` record. Torn ends are cut off. A log whose files contradict
   * one another, or that another key has signed, is moved aside first. Throws LockHeld, or the file system's error.
   */
  static open(options: LogOptions): LogWriter {
    const { directory, slot, origin, privateKey, about, clock, sync } = options;
    const path = join(directory, slot);
    const folder = logFolder(path);
    makeFolder(directory);
    makeFolder(path);
    let lock = takeLock(folder.lock);
    try {
      const signer = new NoteSigner(`${origin}/${slot}`, privateKey);
      const { recovered, end } = lookAtEarlier(folder, signer);
      let previous: PreviousLog | undefined;
      if (end) {
        previous = describePrevious(setAside(path, end.kind, new Date(clock())), end);
        lock.release();
        makeFolder(path);
        lock = takeLock(folder.lock);
      }
      if (recovered) cutTornEnds(recovered);
      else beginFolder(folder, signer, sync !== 'never');
      const writer = new LogWriter(options, lock, signer, recovered);
      if (writer.size === 0) previous ??= describeNewestAside(path, signer);
      writer.#start({ ...about, ...tornParts(recovered), ...(previous && { previous }) });
      return writer;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Number of records in the log. */
  get size(): number {
    return this.#range.size;
  }

  /** Name of the key that signs: `<origin>/<slot>`. */
  get name(): string {
    return this.#signer.name;
  }

  /** When the newest checkpoint was made, or when the log was opened: milliseconds since the epoch. */
  get signedAt(): number {
    return this.#signedAt;
  }

  /**
   * Appends records: JSON objects with members, each on one line. The index is inserted as their first member. Returns how many
   * were taken and, if not all, why. With `usesReserve`, the space that is kept for the end may be used too.
   */
  append(records: readonly string[], usesReserve = false): { readonly taken: number; readonly failure?: Error } {
    let taken = 0;
    try {
      this.#files.records.requireUntouched();
      while (taken < records.length) {
        const room = this.#files.first + this.#options.segmentRecords - this.#range.size;
        if (room <= 0) this.#rotate();
        const batch = records.slice(taken, taken + Math.max(room, 1));
        const { kept, failure } = this.#appendToSegment(batch, usesReserve);
        taken += kept;
        if (failure) return { taken, failure };
      }
      return { taken };
    } catch (error) {
      return { taken, failure: error as Error };
    }
  }

  /** Forces the records to the disk, if the options require that before they count as taken. */
  async settle(): Promise<void> {
    if (this.#options.sync === 'always') await this.#files.records.sync();
  }

  /** Signs the current tree, unless it is already signed. Throws FileLost, or the file system's error. */
  async checkpoint(): Promise<void> {
    const { records } = this.#files;
    records.requireInPlace();
    if (this.#range.size === this.#signed) return;
    const head = { origin: this.#signer.name, size: this.#range.size, root: this.#range.root() };
    if (this.#isForced) await records.sync();
    // A segment may have ended meanwhile, and its end signs more records.
    if (head.size > this.#signed) this.#sign(head);
  }

  /** Appends the `stop` record and signs everything. Throws the failure, but closes the log in any case. */
  close(): void {
    try {
      const { failure } = this.append([this.#record('stop', {})], true);
      if (failure) throw failure;
      this.#signNow();
    } finally {
      this.abandon();
    }
  }

  /** Closes the files without writing. */
  abandon(): void {
    this.#files.records.close();
    this.#files.checkpoints.close();
    this.#lock.release();
  }

  get #isForced(): boolean {
    return this.#options.sync !== 'never';
  }

  #start(members: object): void {
    const { failure } = this.append([this.#record('start', members)]);
    if (!failure) return;
    this.abandon();
    throw failure;
  }

  #record(type: 'start' | 'stop', members: object): string {
    return auditRecord({ type, time: new Date(this.#options.clock()).toISOString(), level: 'info', members });
  }

  #appendToSegment(records: readonly string[], usesReserve: boolean): { kept: number; failure?: Error } {
    const first = this.#range.size;
    const lines = records.map((record, index) => `{"index":${first + index},${record.slice(1)}`);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    if (!usesReserve) this.#space.require(bytes.length);
    const { kept, failure } = this.#files.records.appendLines(bytes);
    if (!failure) {
      for (const line of lines) this.#range.append(leafHash(line));
      return { kept: records.length };
    }
    const whole = kept === 0 ? [] : bytes.toString('utf8', 0, kept - 1).split('\n');
    for (const line of whole) this.#range.append(leafHash(line));
    return { kept: whole.length, failure };
  }

  /** Ends the segment and begins the next. After a failure it can be called again. */
  #rotate(): void {
    const { records, checkpoints } = this.#files;
    this.#signNow();
    // A line of `ranges` is useless without its checkpoint.
    if (this.#isForced) checkpoints.syncNow();
    appendRange(this.#folder, this.#range.toString(), this.#isForced);
    this.#files = openSegment(segmentAt(this.#folder.path, this.#range.size), this.#isForced);
    records.close();
    checkpoints.close();
  }

  #signNow(): void {
    if (this.#range.size === this.#signed) return;
    if (this.#isForced) this.#files.records.syncNow();
    this.#sign({ origin: this.#signer.name, size: this.#range.size, root: this.#range.root() });
  }

  #sign(head: { readonly origin: string; readonly size: number; readonly root: Buffer }): void {
    const note = this.#signer.sign(formatTreeHead(head));
    this.#files.checkpoints.appendWhole(`${note}\n`);
    this.#signed = head.size;
    this.#signedAt = this.#options.clock();
    this.#options.onCheckpoint?.({ note, size: head.size });
  }
}

function makeFolder(path: string): void {
  try {
    // A recursive mkdir reports ENOENT for a read-only file system.
    mkdirSync(path, { recursive: !existsSync(dirname(path)), mode: 0o700 });
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

/** Writes the files that a log has before its first record. */
function beginFolder({ path, vkey }: LogFolder, signer: NoteSigner, isForced: boolean): void {
  writeFileSync(vkey, `${signer.vkey}\n`, { mode: 0o600, flush: isForced });
  if (isForced) syncFolder(dirname(path));
}

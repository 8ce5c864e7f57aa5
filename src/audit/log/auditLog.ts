import { existsSync, readdirSync } from 'node:fs';
import { auditRecord } from '../format/trailRecord.ts';
import { FollowedLog, type FollowOptions } from './followedLog.ts';
import { LogWriter, type Checkpoint, type LogOptions } from './logWriter.ts';
import { LockHeld } from '../../fileLock.ts';

export interface AuditLogOptions extends LogOptions {
  readonly checkpointSeconds: number;
  /** Whether the log may start without its files, and open them as soon as it can. It may not if another process holds them. */
  readonly opensLater?: boolean;
  /** Called with the problem when records can no longer be taken, and with undefined when they can again. */
  readonly onProblem: (problem: string | undefined) => void;
  /** A log that other processes write. Its newest checkpoint is recorded here, so that a checkpoint of this log covers both. */
  readonly follows?: FollowOptions | undefined;
  /** Called with the sealed logs of this slot, at the start and every 10 minutes while there are any. */
  readonly onSealed: (folders: readonly string[]) => void;
}

/** State of a log, for the metrics. */
export interface AuditLogState {
  /** `<origin>/<slot>`. */
  readonly name: string;
  /** Number of records. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastCheckpointAt: number;
  readonly isFailing: boolean;
  /** Number of logs of the slot that were sealed as evidence. */
  readonly sealed: number;
}

// Makes it visible that a silent log still works.
const HEARTBEAT_MS = 60_000;
const SEALED_MS = 600_000;
const REOPEN_MS = 500;
// A slow disk must not count as one that hangs.
const HUNG_MS = 200;

/** The log of one slot, kept open. It makes checkpoints and heartbeats on time, and reopens its files after they were removed. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #followed: FollowedLog | undefined;
  /** Undefined while its files could not be opened yet. */
  #writer: LogWriter | undefined;
  /** Whether no writer holds its files. */
  #isLost = false;
  #isStopped = false;
  #epoch = 0;
  /** Reasons why records cannot be taken, and why they cannot be signed or forced to the disk. Each may occur alone. */
  readonly #failures: { taking?: string | undefined; keeping?: string | undefined } = {};
  /** Start of the running call of `settle`; undefined if none is running. */
  #settlingSince: number | undefined;
  #appendedAt: number;
  #reopenedAt = -Infinity;
  #sealedAt = -Infinity;
  #sealed: readonly string[] = [];
  #lastCheckpoint: Checkpoint | undefined;
  #signing: Promise<void> = Promise.resolve();

  /** Throws LockHeld, or the file system's error. */
  constructor(options: AuditLogOptions) {
    this.#options = {
      ...options,
      onCheckpoint: (checkpoint) => {
        this.#lastCheckpoint = checkpoint;
        options.onCheckpoint?.(checkpoint);
      },
    };
    this.#appendedAt = options.clock();
    this.#followed = options.follows && new FollowedLog({ ...options, ...options.follows });
    this.#openFirst();
    this.#follow();
    this.#tellSealed();
    this.#timer = setInterval(() => {
      this.#tick();
    }, options.checkpointSeconds * 1000).unref();
  }

  get problem(): string | undefined {
    const isHung = this.#settlingSince !== undefined && performance.now() - this.#settlingSince >= HUNG_MS;
    const failure =
      this.#failures.taking ?? this.#failures.keeping ?? (isHung ? 'its disk does not answer' : undefined);
    return failure === undefined ? undefined : `the audit log cannot be written: ${failure}`;
  }

  get state(): AuditLogState {
    const { origin, slot } = this.#options;
    return {
      name: `${origin}/${slot}`,
      size: this.size,
      lastCheckpointAt: this.#writer?.signedAt ?? this.#appendedAt,
      isFailing: this.problem !== undefined,
      sealed: this.#sealed.length,
    };
  }

  /** Whether records count as taken only after `settle` has resolved. */
  get settlesLater(): boolean {
    return this.#options.sync === 'always';
  }

  /** Changes when a new log begins, since its indexes then belong to other records. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Index of the next record. */
  get size(): number {
    return this.#writer?.size ?? 0;
  }

  /** Appends records and returns how many were taken. If not all, `problem` says why. */
  append(records: readonly string[], usesReserve = false): number {
    if (this.#isStopped || (this.#isLost && !this.#reopen()) || !this.#writer) return 0;
    const { taken, failure } = this.#writer.append(records, usesReserve);
    if (taken > 0) this.#appendedAt = this.#options.clock();
    this.#note('taking', failure);
    return taken;
  }

  /**
   * Resolves to whether the records are on the disk if `sync` is `always`, otherwise to true. After a failure, calling it again
   * does not help, because the system reports lost writes only once.
   */
  async settle(): Promise<boolean> {
    const writer = this.#writer;
    this.#settlingSince = performance.now();
    try {
      await writer?.settle();
      this.#noteOf(writer, undefined);
      return true;
    } catch (error) {
      this.#noteOf(writer, error as Error);
      return false;
    } finally {
      this.#settlingSince = undefined;
    }
  }

  /** Appends the `stop` record, signs everything, and releases the slot. Returns the failure, if there was one. */
  async stop(): Promise<string | undefined> {
    clearInterval(this.#timer);
    await this.#signing;
    if (this.#isStopped) return undefined;
    this.#follow();
    this.#isStopped = true;
    if (this.#isLost) return this.problem;
    try {
      this.#writer?.close();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #tick(): void {
    const now = this.#options.clock();
    // A clock that is set back must not stop the heartbeats.
    const isSilent = now - this.#appendedAt >= HEARTBEAT_MS || now < this.#appendedAt;
    const time = new Date(now).toISOString();
    if (isSilent) this.append([auditRecord({ type: 'heartbeat', time, level: 'info', members: {} })]);
    else if (this.#failures.taking !== undefined) this.append([]);
    this.#follow();
    if (performance.now() - this.#sealedAt >= SEALED_MS) this.#tellSealed();
    if (!this.#isLost) this.#signing = this.#signing.then(() => this.#sign());
  }

  #follow(): void {
    this.#followed?.recordNewest(this.#options.clock(), (record) => this.append([record]) === 1);
  }

  async #sign(): Promise<void> {
    const writer = this.#writer;
    try {
      await writer?.checkpoint();
      this.#noteOf(writer, undefined);
    } catch (error) {
      this.#noteOf(writer, error as Error);
    }
  }

  /** Notes the outcome of signing or forcing, unless the writer was given up meanwhile. */
  #noteOf(writer: LogWriter | undefined, failure: Error | undefined): void {
    if (writer === this.#writer && !this.#isLost) this.#note('keeping', failure);
  }

  #note(what: 'taking' | 'keeping', failure: Error | undefined): void {
    const before = this.#failures.taking ?? this.#failures.keeping;
    if (failure?.name === 'FileLost' && !this.#isLost) this.#giveUp(failure);
    else this.#failures[what] = failure?.message;
    const after = this.#failures.taking ?? this.#failures.keeping;
    if ((before === undefined) !== (after === undefined)) this.#options.onProblem(this.problem);
  }

  #giveUp({ message }: Error): void {
    this.#isLost = true;
    this.#failures.taking = message;
    this.#failures.keeping = undefined;
    this.#writer?.abandon();
  }

  #openFirst(): void {
    try {
      this.#writer = LogWriter.open(this.#options);
    } catch (error) {
      if (!this.#options.opensLater || error instanceof LockHeld) throw error;
      this.#note('taking', error as Error);
      this.#isLost = true;
    }
  }

  /** Opens the log again. Returns whether that succeeded. */
  #reopen(): boolean {
    const now = performance.now();
    if (now - this.#reopenedAt < REOPEN_MS) return false;
    this.#reopenedAt = now;
    const { directory, about } = this.#options;
    try {
      // A person must create it again, because it may be the mount point of a volume.
      if (!existsSync(directory)) throw new Error(`${directory} does not exist`);
      const lost = { problem: this.problem, records: this.size, checkpoint: this.#lastCheckpoint?.note };
      this.#writer = LogWriter.open({ ...this.#options, about: { ...about, lost } });
      this.#isLost = false;
      if (this.#writer.size <= lost.records) this.#epoch += 1;
      this.#followed?.forget();
      this.#tellSealed();
      return true;
    } catch (error) {
      this.#note('taking', error as Error);
      return false;
    }
  }

  #tellSealed(): void {
    const { directory, slot, onSealed } = this.#options;
    this.#sealedAt = performance.now();
    try {
      this.#sealed = readdirSync(directory).filter((name) => name.startsWith(`${slot}.`) && name.endsWith('.sealed'));
    } catch {
      // A missing directory is reported as a problem of its own.
      return;
    }
    if (this.#sealed.length > 0) onSealed(this.#sealed);
  }
}

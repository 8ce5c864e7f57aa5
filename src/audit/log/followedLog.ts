import { join } from 'node:path';
import { listSegments, type Segment } from '../format/logFolder.ts';
import { newestCheckpoint } from '../format/newestNote.ts';
import { NoteFailure, NoteSigner, openNote, parseVkey, type VerifierKey } from '../format/signedNote.ts';
import { auditRecord } from '../format/trailRecord.ts';
import { parseTreeHead } from '../format/treeHead.ts';
import type { Checkpoint, LogOptions } from './logWriter.ts';

/** A log of the same directory, origin and key. */
export interface FollowOptions {
  readonly slot: string;
  /** Called with each checkpoint that was recorded, and the name of its log. */
  readonly onCheckpoint: (name: string, checkpoint: Checkpoint) => void;
  /** Called with the problem when the log cannot be read, and with undefined when it can again. */
  readonly onProblem: (problem: string | undefined) => void;
}

/**
 * A log that other processes write. Its checkpoints are recorded in the log of this process, so that a checkpoint of the latter covers
 * both.
 */
export class FollowedLog {
  readonly #options: FollowOptions;
  /** `<origin>/<slot>`. */
  readonly #name: string;
  readonly #path: string;
  readonly #key: VerifierKey;
  /** The newest checkpoint when it was last read. */
  #newest: string | undefined;
  #problem: string | undefined;

  constructor(options: FollowOptions & Pick<LogOptions, 'directory' | 'origin' | 'privateKey'>) {
    const { directory, slot, origin, privateKey } = options;
    this.#options = options;
    this.#name = `${origin}/${slot}`;
    this.#path = join(directory, slot);
    this.#key = parseVkey(new NoteSigner(this.#name, privateKey).vkey);
  }

  /**
   * Appends a record of the newest checkpoint, if it is a new one. `append` returns whether it has taken the record; if not, the
   * next call tries again. `now` is in milliseconds since the epoch.
   */
  recordNewest(now: number, append: (record: string) => boolean): void {
    let problem: string | undefined;
    try {
      this.#record(now, append);
    } catch (error) {
      problem = (error as Error).message;
    }
    if (problem !== this.#problem) this.#options.onProblem(problem);
    this.#problem = problem;
  }

  /** Records the newest checkpoint again, because a new log has begun. */
  forget(): void {
    this.#newest = undefined;
  }

  #record(now: number, append: (record: string) => boolean): void {
    const note = newestCheckpoint(this.#segments());
    if (note === undefined || note === this.#newest) return;
    const checkpoint = this.#open(note);
    if (checkpoint) {
      const members = { log: this.#name, ...checkpoint };
      const time = new Date(now).toISOString();
      if (!append(auditRecord({ type: 'checkpoint', time, level: 'info', members }))) return;
      this.#options.onCheckpoint(this.#name, checkpoint);
    }
    this.#newest = note;
  }

  #segments(): readonly Segment[] {
    try {
      return listSegments(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Returns undefined if this key has not signed the note. The log may still be that of an earlier key. */
  #open(note: string): Checkpoint | undefined {
    try {
      const head = parseTreeHead(openNote(note, [this.#key]));
      return head?.origin === this.#name ? { size: head.size, note } : undefined;
    } catch (error) {
      if (error instanceof NoteFailure) return undefined;
      throw error;
    }
  }
}

import type { FoundLog } from '../format/findLogs.ts';

/** A problem of a log. The message is complete; the other members are for programs. */
export interface Problem {
  readonly message: string;
  /** The record concerned. */
  readonly index?: number;
  /** The first of the records concerned; `to` is the last one. */
  readonly from?: number;
  readonly to?: number;
  /** Name of the file concerned. */
  readonly file?: string;
  /** Number, from 0, of the checkpoint concerned in that file. */
  readonly checkpoint?: number;
}

const MAX_PROBLEMS = 100;

/** The first problems of a log, and the number of all. */
export class Problems {
  readonly listed: Problem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(problem: Problem): void {
    this.#count += 1;
    if (this.listed.length < MAX_PROBLEMS) this.listed.push(problem);
  }

  /** Adds a problem of the records `from` to `to`. The message continues their name: `is missing`, or `are missing`. */
  addRecords(from: number, to: number, one: string, several = one): void {
    if (from === to) this.add({ index: from, message: `record ${from} ${one}` });
    else this.add({ from, to, message: `records ${from} to ${to} ${several}` });
  }
}

/** The records `from` to `to`, inclusive. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The result of verifying one log. */
export interface LogReport {
  /** Name of its folder. */
  readonly folder: string;
  readonly kind: FoundLog['state'];
  readonly slot: string | undefined;
  /** `<origin>/<slot>`. Undefined if the log does not say. */
  readonly name: string | undefined;
  /** The keys with which its checkpoints were verified: `<name>+<key id>`. */
  readonly keys: readonly string[];
  /** Number of lines in all segments. */
  readonly records: number;
  /** Index of the first record: more than 0 if earlier segments were deleted. */
  readonly firstIndex: number;
  /** Size of the newest signed checkpoint. */
  readonly signedRecords: number;
  /** Number of whole lines at the end that no checkpoint signs, neither its own nor one that was kept elsewhere. */
  readonly unsigned: number;
  /** Time of the first of these lines. */
  readonly unsignedSince: string | undefined;
  readonly segments: number;
  readonly checkpoints: number;
  /** The note of the newest signed checkpoint. */
  readonly lastCheckpoint: string | undefined;
  /** Bytes of an incomplete last record. */
  readonly tornBytes: number;
  /** Bytes of an incomplete last checkpoint. */
  readonly tornCheckpointBytes: number;
  /** The process that writes the log, according to its lock. `stale` if there is a lock but no such process on this host. */
  readonly writer: number | 'stale' | undefined;
  /** The ranges of records that match a signed checkpoint. */
  readonly proven: readonly Stretch[];
  /** Sizes of the checkpoints that the log extends: those kept elsewhere, or recorded in another log. */
  readonly extended: readonly number[];
  readonly problems: readonly Problem[];
  /** Number of all problems. `problems` lists the first ones. */
  readonly problemCount: number;
}

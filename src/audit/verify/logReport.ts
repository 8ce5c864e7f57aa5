import type { FoundLog } from '../format/findLogs.ts';

/** What is wrong with a log. The message says it all; the other members are for programs. */
export interface Problem {
  readonly message: string;
  /** The record that it is about. */
  readonly index?: number;
  /** The records that it is about: the first and the last. */
  readonly from?: number;
  readonly to?: number;
  /** Name of the file that it is about. */
  readonly file?: string;
  /** The checkpoint of that file: its place, from 0. */
  readonly checkpoint?: number;
}

const MAX_PROBLEMS = 100;

/** The first problems of a log, and how many there are. */
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

  /** A problem of the records `from` to `to`; the message goes on behind their name: `is missing`, or `are missing`. */
  addRecords(from: number, to: number, one: string, several = one): void {
    if (from === to) this.add({ index: from, message: `record ${from} ${one}` });
    else this.add({ from, to, message: `records ${from} to ${to} ${several}` });
  }
}

/** Records `from` to `to`, both of them included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What the verification of one log has found. */
export interface LogReport {
  /** Name of its folder. */
  readonly folder: string;
  readonly kind: FoundLog['state'];
  readonly slot: string | undefined;
  /** `<origin>/<slot>`; undefined if the log does not say. */
  readonly name: string | undefined;
  /** The keys that its checkpoints were verified with: `<name>+<key id>`. */
  readonly keys: readonly string[];
  /** Lines of all segments. */
  readonly records: number;
  /** Index of the first record: more than 0 if earlier segments were deleted. */
  readonly firstIndex: number;
  /** Size of the newest checkpoint that is signed. */
  readonly signedRecords: number;
  /** Whole lines behind that checkpoint. */
  readonly unsigned: number;
  /** Time of the first of them. */
  readonly unsignedSince: string | undefined;
  readonly segments: number;
  readonly checkpoints: number;
  /** The newest that is signed: the note. */
  readonly lastCheckpoint: string | undefined;
  /** Bytes of an unfinished last record. */
  readonly tornBytes: number;
  /** Bytes of an unfinished last checkpoint. */
  readonly tornCheckpointBytes: number;
  /** The process that writes the log, by its lock: `stale` if there is a lock but no such process on this host. */
  readonly writer: number | 'stale' | undefined;
  /** The records that a signed checkpoint was found to fit. */
  readonly proven: readonly Stretch[];
  /** Sizes of the checkpoints that the log extends: those kept elsewhere or recorded in another log. */
  readonly extended: readonly number[];
  readonly problems: readonly Problem[];
  /** How many problems there are: `problems` lists the first ones. */
  readonly problemCount: number;
}

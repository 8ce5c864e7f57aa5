import type { CompactRange } from '../format/compactRange.ts';
import type { LogKeys } from './logKeys.ts';
import { openNote } from '../format/signedNote.ts';
import { parseTreeHead } from '../format/treeHead.ts';

/** A checkpoint that was kept away from a log, and whether the log extends it. */
export interface KeptCheckpoint {
  readonly note: string;
  /** Undefined if it cannot be trusted. */
  readonly size: number | undefined;
  /** Why the log does not extend it. */
  failure: string | undefined;
}

interface Pending {
  readonly size: number;
  readonly root: Buffer;
  readonly outcome: KeptCheckpoint;
}

/** Compares checkpoints of a log that were kept elsewhere with its tree. Each is a failure until it is found to fit. */
export class KeptCheckpoints {
  readonly outcomes: readonly KeptCheckpoint[];
  /** Not compared yet, smallest first. */
  readonly #pending: Pending[] = [];

  /** Notes of other logs are passed over. */
  constructor(notes: readonly string[], { name, keys }: LogKeys) {
    this.outcomes = notes.filter((note) => originOf(note) === name).map((note) => this.#open(note, keys));
    this.#pending.sort((one, other) => one.size - other.size);
  }

  /** Size of the one that is to be compared next. */
  get nextSize(): number {
    return this.#pending[0]?.size ?? Infinity;
  }

  /** Compares the next one with the tree of the records read so far; undefined: that tree is not known. */
  compare(range: CompactRange | undefined): void {
    const next = this.#pending.shift();
    if (!next || range?.size !== next.size) return;
    const fits = range.root().equals(next.root);
    next.outcome.failure = fits ? undefined : 'its records up to there are others';
  }

  /** Passes over those that are smaller than the log's first record. */
  skipBefore(first: number): void {
    while (this.nextSize < first) {
      const outcome = this.#pending.shift()?.outcome;
      if (outcome) outcome.failure = `the log begins with record ${first}, so that it cannot be compared`;
    }
  }

  /** The log has so many records. */
  finish(records: number): void {
    for (const { outcome } of this.#pending) {
      outcome.failure = `the log has only ${records} records: it was truncated`;
    }
  }

  #open(note: string, keys: LogKeys['keys']): KeptCheckpoint {
    try {
      const head = parseTreeHead(openNote(note, keys));
      if (!head) return { note, size: undefined, failure: 'it is a signed note, but not a checkpoint' };
      const outcome = { note, size: head.size, failure: 'other problems of the log keep it from being compared' };
      this.#pending.push({ ...head, outcome });
      return outcome;
    } catch (error) {
      return { note, size: undefined, failure: (error as Error).message };
    }
  }
}

/** The first line of a note. */
export function originOf(note: string): string {
  return note.slice(0, note.indexOf('\n'));
}

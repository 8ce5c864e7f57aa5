import type { CompactRange } from '../format/compactRange.ts';
import type { LogKeys } from './logKeys.ts';
import { openNote } from '../format/signedNote.ts';
import { parseTreeHead } from '../format/treeHead.ts';

/** A checkpoint that was kept away from a log, and whether the log extends it. */
export interface KeptCheckpoint {
  readonly note: string;
  /** Undefined if the checkpoint cannot be trusted. */
  readonly size: number | undefined;
  /** Why the log does not extend it; undefined if it does. */
  failure: string | undefined;
  /** Whether it cannot be compared because the records up to there were pruned. */
  isPruned: boolean;
}

interface Pending {
  readonly size: number;
  readonly root: Buffer;
  readonly outcome: KeptCheckpoint;
}

const UNKNOWN = { size: undefined, isPruned: false };

/** Compares checkpoints of a log that were kept elsewhere with its tree. Each counts as a failure until it matches. */
export class KeptCheckpoints {
  readonly outcomes: readonly KeptCheckpoint[];
  /** Checkpoints that can be compared, smallest first. */
  readonly #pending: Pending[] = [];
  /** Place of the next one. Removing it would move all others, and there may be millions. */
  #next = 0;

  /** Notes of other logs are ignored. */
  constructor(notes: readonly string[], { name, keys }: LogKeys) {
    this.outcomes = notes.filter((note) => originOf(note) === name).map((note) => this.#open(note, keys));
    this.#pending.sort((one, other) => one.size - other.size);
  }

  /** Sizes of the checkpoints that the log extends. */
  get extended(): readonly number[] {
    return this.outcomes.flatMap(({ size, failure }) => (failure === undefined ? (size ?? []) : []));
  }

  /** Size of the checkpoint to compare next. */
  get nextSize(): number {
    return this.#pending[this.#next]?.size ?? Infinity;
  }

  /**
   * Compares the next checkpoint with the tree of the records read so far, and returns whether it signs them. `range` is
   * undefined if that tree is unknown.
   */
  compare(range: CompactRange | undefined): boolean {
    const next = this.#pending[this.#next++];
    if (!next || range?.size !== next.size) return false;
    const fits = range.root().equals(next.root);
    next.outcome.failure = fits ? undefined : 'its records up to there are different';
    return fits;
  }

  /** Skips checkpoints that are smaller than the log's first index. */
  skipBefore(first: number): void {
    while (this.nextSize < first) {
      const outcome = this.#pending[this.#next++]?.outcome;
      if (!outcome) continue;
      outcome.failure = `the log begins with record ${first}, so it cannot be compared`;
      outcome.isPruned = true;
    }
  }

  /** Notes that the log has this many records. */
  finish(records: number): void {
    for (const { outcome } of this.#pending.slice(this.#next)) {
      outcome.failure = `the log has only ${records} of these records: it was truncated`;
    }
  }

  #open(note: string, keys: LogKeys['keys']): KeptCheckpoint {
    try {
      const head = parseTreeHead(openNote(note, keys));
      if (!head) return { note, ...UNKNOWN, failure: 'it is a signed note, but not a checkpoint' };
      const failure = 'other problems of the log keep it from being compared';
      const outcome = { note, size: head.size, failure, isPruned: false };
      this.#pending.push({ ...head, outcome });
      return outcome;
    } catch (error) {
      return { note, ...UNKNOWN, failure: (error as Error).message };
    }
  }
}

/** Returns the first line of a note. */
export function originOf(note: string): string {
  return note.slice(0, note.indexOf('\n'));
}

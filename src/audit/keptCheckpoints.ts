import type { CompactRange } from './compactRange.ts';
import type { LogKeys } from './logKeys.ts';
import type { Problems } from './logReport.ts';
import { openNote } from './signedNote.ts';
import { parseTreeHead, type TreeHead } from './treeHead.ts';

/** Checkpoints of a log that were kept elsewhere: the log must extend them. */
export class KeptCheckpoints {
  readonly #problems: Problems;
  /** Not compared yet, smallest first. */
  readonly #heads: TreeHead[] = [];
  readonly #extended: number[] = [];

  /** Notes of other logs are passed over. */
  constructor(notes: readonly string[], { name, keys }: LogKeys, problems: Problems) {
    this.#problems = problems;
    if (name === undefined || keys.length === 0) return;
    for (const note of notes.filter((each) => originOf(each) === name)) {
      try {
        const head = parseTreeHead(openNote(note, keys));
        if (head) this.#heads.push(head);
        else this.#report('is a signed note, but not a checkpoint');
      } catch (error) {
        this.#report(`cannot be trusted: ${(error as Error).message}`);
      }
    }
    this.#heads.sort((one, other) => one.size - other.size);
  }

  /** Size of the one that is to be compared next. */
  get nextSize(): number {
    return this.#heads[0]?.size ?? Infinity;
  }

  /** Sizes of those that the log extends. */
  get extended(): readonly number[] {
    return this.#extended;
  }

  /** Compares the next one with the tree of the records read so far; undefined: it is not known. */
  compare(range: CompactRange | undefined): void {
    const head = this.#heads.shift();
    if (!head) return;
    if (range?.size !== head.size)
      this.#report(`of size ${head.size} could not be compared, because of other problems`);
    else if (range.root().equals(head.root)) this.#extended.push(head.size);
    else this.#report(`of size ${head.size} is not extended by this log: its records up to there are others`);
  }

  /** Those that are smaller than the log's first record cannot be compared. */
  skipBefore(first: number): void {
    while (this.nextSize < first) {
      this.#report(`of size ${this.nextSize} could not be compared: the log begins with record ${first}`);
      this.#heads.shift();
    }
  }

  /** All records were read, so many. */
  finish(records: number): void {
    for (const { size } of this.#heads) {
      this.#report(`has size ${size}, but the log has only ${records} records: it was truncated`);
    }
  }

  #report(message: string): void {
    this.#problems.add({ message: `the checkpoint kept elsewhere ${message}` });
  }
}

/** The first line of a note. */
export function originOf(note: string): string {
  return note.slice(0, note.indexOf('\n'));
}

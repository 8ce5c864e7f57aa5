import type { CompactRange } from '../format/compactRange.ts';
import type { Problems, Stretch } from './logReport.ts';
import type { RecordLine } from '../format/recordLines.ts';
import { RecordSequence } from './recordSequence.ts';
import type { TreeHead } from '../format/treeHead.ts';

/** The tree over the records of a log, built while they are read, and compared with the checkpoints. */
export class CheckedTree {
  readonly #problems: Problems;
  readonly #sequence: RecordSequence;
  /** Undefined after a missing or misplaced record: from there on the tree is unknown. */
  #range: CompactRange | undefined;
  /** Size at which the tree was started: 0, or the size of a line of `ranges`. */
  #takenUpAt = 0;
  /** Records before this index are signed by a checkpoint. */
  #provenTo = 0;
  /** The first checkpoint that does not match the tree. Reset when a later one matches, or at the end of the segment. */
  #misfit: TreeHead | undefined;
  readonly #proven: Stretch[] = [];

  constructor(problems: Problems) {
    this.#problems = problems;
    this.#sequence = new RecordSequence(problems);
  }

  /** Index of the next record. */
  get next(): number {
    return this.#sequence.next;
  }

  /** Records before this index are signed by a checkpoint, or were not read. */
  get provenTo(): number {
    return this.#provenTo;
  }

  /** Ranges of records that a checkpoint was found to sign. */
  get proven(): readonly Stretch[] {
    return this.#proven;
  }

  /** The tree over the records read so far. Undefined if it is unknown, or known to be wrong. */
  get range(): CompactRange | undefined {
    return this.#misfit ? undefined : this.#range;
  }

  /** Starts again with this tree at its size. Without a tree, only the sequence of the records is checked, from `first`. */
  takeUp(first: number, range: CompactRange | undefined): void {
    this.#sequence.restart(first);
    this.#range = range;
    this.#takenUpAt = first;
    this.#provenTo = first;
  }

  take(line: RecordLine): void {
    if (this.#sequence.take(line)) this.#range?.append(line.leafHash());
    else this.#range = undefined;
  }

  /** Compares the tree with a checkpoint of its size. */
  compare(head: TreeHead): void {
    if (this.#range?.size !== head.size) return;
    if (!this.#range.root().equals(head.root)) {
      this.#misfit ??= head;
      return;
    }
    if (this.#misfit) {
      const message = `the checkpoint of size ${this.#misfit.size} signs another tree than the one of size ${head.size}`;
      this.#problems.add({ index: this.#misfit.size - 1, message });
      this.#misfit = undefined;
    }
    this.#prove(head.size);
  }

  /** Notes that a checkpoint that was kept elsewhere signs the records read so far. */
  proveHere(): void {
    if (this.range) this.#prove(this.range.size);
  }

  #prove(size: number): void {
    // A checkpoint of this size signs only records before those that were read.
    if (size === this.#takenUpAt) return;
    this.#provenTo = size;
    if (this.#proven.at(-1)?.from === this.#takenUpAt) this.#proven.pop();
    this.#proven.push({ from: this.#takenUpAt, to: size - 1 });
  }

  /** Notes that no more records or checkpoints of a segment follow. */
  endSegment(): void {
    this.#sequence.end();
    if (!this.#misfit) return;
    const [from, to] = [this.#provenTo, this.#misfit.size - 1];
    const what = from === to ? `record ${from} was` : `one or more of the records ${from} to ${to} were`;
    const message = `${what} changed: the tree is not the one that the checkpoint of size ${this.#misfit.size} signs`;
    this.#problems.add({ ...(from === to ? { index: from } : { from, to }), message });
    this.#misfit = undefined;
    this.#range = undefined;
  }
}

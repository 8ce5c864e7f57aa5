import { CompactRange } from '../format/compactRange.ts';
import type { LogPart, RangesFile } from '../format/logParts.ts';
import type { Problems } from './logReport.ts';
import type { TreeHead } from '../format/treeHead.ts';

const FILE = 'ranges';

/** Compares the file `ranges` of a log with its tree and its checkpoints. */
export class RangesCheck {
  readonly #problems: Problems;
  readonly #lines: ReadonlyMap<number, CompactRange>;
  /** Roots that checkpoints sign, by the sizes of the lines. */
  readonly #signed = new Map<number, Buffer>();
  readonly #badSizes = new Set<number>();

  constructor({ ranges, badLines }: RangesFile, problems: Problems) {
    this.#problems = problems;
    this.#lines = new Map(ranges.map((range) => [range.size, range]));
    for (const line of badLines) {
      problems.add({ file: FILE, message: `line ${line} of ranges is no compact range, or not behind a smaller one` });
    }
  }

  /** Notes a checkpoint with a valid signature. */
  noteSigned({ size, root }: TreeHead): void {
    if (this.#lines.has(size)) this.#signed.set(size, root);
  }

  /** Returns the tree at the beginning of a segment, if its line has the root that a checkpoint signs. */
  takeUpAt(first: number): CompactRange | undefined {
    if (first === 0) return new CompactRange();
    const line = this.#lines.get(first);
    const root = this.#signed.get(first);
    // A copy, since records will be appended to it.
    return line && root?.equals(line.root()) ? CompactRange.parse(line.toString()) : undefined;
  }

  /** Compares the tree with the line of its size, if there is one. */
  compare(range: CompactRange): void {
    const line = this.#lines.get(range.size);
    if (line && line.toString() !== range.toString()) this.#report(range.size, 'is not that of the records');
  }

  /** Reports the remaining problems after all segments were read. `from` is the first existing record, `to` the end. */
  finish(parts: readonly LogPart[], from: number, to: number): void {
    const firsts = new Set(parts.map(({ first }) => first));
    for (const first of firsts) {
      if (first >= from && first > 0 && !this.#lines.has(first)) this.#report(first, 'is missing');
    }
    for (const [size, line] of this.#lines) {
      const root = this.#signed.get(size);
      if (size >= from && size !== to && !firsts.has(size)) this.#report(size, 'is of no segment that is there');
      else if (root && !root.equals(line.root()))
        this.#report(size, 'has another root than the checkpoint of that size');
      else if (size >= from && !root) this.#report(size, 'has no signed checkpoint of that size');
    }
  }

  #report(size: number, what: string): void {
    if (this.#badSizes.has(size)) return;
    this.#badSizes.add(size);
    this.#problems.add({ file: FILE, index: size, message: `the line of size ${size} in ranges ${what}` });
  }
}

import type { Problems } from './logReport.ts';
import { parseIndex } from '../format/parseIndex.ts';
import { MAX_LINE_BYTES, type RecordLine } from '../format/recordLines.ts';

// Each line of the writer begins like this, so a signed record need not be parsed.
const BEGINNING = /^\{"index":(\d+),"type":"/;
const BEGINNING_BYTES = 40;

/** Checks that the lines of a segment are its records: each exactly once, in order. */
export class RecordSequence {
  readonly #problems: Problems;
  #next = 0;
  /** The index of the last line, if it was too large. The next line shows why. */
  #jump: number | undefined;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Index of the next expected record. */
  get next(): number {
    return this.#next;
  }

  /** Expects this index next, whatever came before. */
  restart(first: number): void {
    this.#next = first;
    this.#jump = undefined;
  }

  /** Returns whether the line is the expected record. If not, the problem is reported. */
  take({ bytes }: RecordLine): boolean {
    if (this.#jump !== undefined || !beginsWith(bytes, `{"index":${this.#next},"type":"`)) {
      const [, index = ''] = BEGINNING.exec(bytes.toString('latin1', 0, BEGINNING_BYTES)) ?? [];
      this.#explain(parseIndex(index));
      return false;
    }
    this.#next += 1;
    if (bytes.length < MAX_LINE_BYTES) return true;
    this.#report(this.#next - 1, `is longer than ${MAX_LINE_BYTES} bytes`);
    return false;
  }

  /** Notes that no more lines follow. */
  end(): void {
    if (this.#jump !== undefined) this.#settleJump(this.#jump);
  }

  #explain(index: number | undefined): void {
    const jump = this.#jump;
    const place = this.#next;
    this.#jump = undefined;
    if (jump !== undefined && index === place + 1) {
      this.#report(place, `is not at its place: the line there says that it is record ${jump}`);
      this.#next = place + 2;
    } else if (jump === place + 1 && index === place) {
      this.#problems.addRecords(place, jump, '', 'stand in the wrong order');
      this.#next = place + 2;
    } else {
      if (jump !== undefined) this.#settleJump(jump);
      this.#explainAlone(index);
    }
  }

  #explainAlone(index: number | undefined): void {
    if (index === undefined) {
      this.#report(this.#next, 'cannot be recognized: the line at its place does not begin with an index and a type');
      this.#next += 1;
    } else if (index > this.#next) {
      this.#jump = index;
    } else if (index === this.#next) {
      this.#next += 1;
    } else {
      const where =
        index === this.#next - 1 ? 'stands twice' : `stands at a wrong place, behind record ${this.#next - 1}`;
      this.#report(index, where);
    }
  }

  #settleJump(index: number): void {
    this.#problems.addRecords(this.#next, index - 1, 'is missing', 'are missing');
    this.#next = index + 1;
    this.#jump = undefined;
  }

  #report(index: number, message: string): void {
    this.#problems.addRecords(index, index, message);
  }
}

/** Whether the bytes begin with an ASCII text. A loop takes a fifth of the time of converting them to a string. */
function beginsWith(bytes: Buffer, text: string): boolean {
  for (let place = 0; place < text.length; place += 1) {
    if (bytes[place] !== text.charCodeAt(place)) return false;
  }
  return true;
}

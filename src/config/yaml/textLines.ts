/** Part of a text, from one offset up to, but not including, another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Text that replaces a part. */
export interface Splice extends Span {
  readonly text: string;
}

export function insert(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

/** The lines of a text, whichever line ends it has. */
export class TextLines {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Inserts lines after the line of an offset. `write` returns them, each with the given line end. */
  insertLines(offset: number, write: (lineEnd: string) => string): Splice {
    const at = this.lineEnd(offset);
    const newLine = this.newLine(at);
    const lines = write(newLine);
    const isUnended = this.#text[at - 1] !== '\n';
    return insert(at, isUnended ? `${newLine}${lines.slice(0, -newLine.length)}` : lines);
  }

  /** Line end just before an offset, or else the first one of the text. */
  newLine(offset: number): string {
    return /\r?\n$/.exec(this.#text.slice(0, offset))?.[0] ?? /\r?\n/.exec(this.#text)?.[0] ?? '\n';
  }

  /** Offset at which the line of an offset begins. */
  lineStart(offset: number): number {
    // A byte order mark does not count as a column.
    return Math.max(this.#text.lastIndexOf('\n', offset - 1) + 1, this.#text.startsWith('\uFEFF') ? 1 : 0);
  }

  /** Offset at which the next line begins. An offset at the start of a line is returned as it is. */
  lineEnd(offset: number): number {
    if (this.#text[offset - 1] === '\n') return offset;
    const end = this.#text.indexOf('\n', offset);
    return end === -1 ? this.#text.length : end + 1;
  }

  /** Whether a part consists only of blanks and line ends. */
  isBlank(from: number, to: number): boolean {
    return this.#text.slice(from, to).trim() === '';
  }
}

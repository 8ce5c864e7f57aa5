/** A part of a text: from one offset up to another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Text to put in the place of a part. */
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

  /** Inserts lines behind the line of an offset; `write` gives them, each with the line end that it is given. */
  insertLines(offset: number, write: (lineEnd: string) => string): Splice {
    const at = this.lineEnd(offset);
    const newLine = this.newLine(at);
    const lines = write(newLine);
    const isUnended = this.#text[at - 1] !== '\n';
    return insert(at, isUnended ? `${newLine}${lines.slice(0, -newLine.length)}` : lines);
  }

  /** The line end before an offset, or that of the file. */
  newLine(offset: number): string {
    return /\r?\n$/.exec(this.#text.slice(0, offset))?.[0] ?? /\r?\n/.exec(this.#text)?.[0] ?? '\n';
  }

  /** Where the line of an offset begins. */
  lineStart(offset: number): number {
    // A byte order mark is not a column.
    return Math.max(this.#text.lastIndexOf('\n', offset - 1) + 1, this.#text.startsWith('\uFEFF') ? 1 : 0);
  }

  /** Where the line after that of the offset begins: the offset itself, if it is at the start of a line. */
  lineEnd(offset: number): number {
    if (this.#text[offset - 1] === '\n') return offset;
    const end = this.#text.indexOf('\n', offset);
    return end === -1 ? this.#text.length : end + 1;
  }

  /** Whether a part has blanks and line ends alone. */
  isBlank(from: number, to: number): boolean {
    return this.#text.slice(from, to).trim() === '';
  }
}

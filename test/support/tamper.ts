import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitNotes } from '../../src/audit/format/logFolder.ts';

/** Changes the files of a log's folder without its writer. */
export class Tamperer {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Lines of a segment's records, or of `ranges`, without LF. */
  lines(file: string, edit: (lines: readonly string[]) => readonly string[]): void {
    this.text(file, (text) =>
      edit(text.split('\n').slice(0, -1))
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  /** Notes in a file of checkpoints. */
  notes(file: string, edit: (notes: readonly string[]) => readonly string[]): void {
    this.text(file, (text) =>
      edit(splitNotes(text).notes)
        .map((note) => `${note}\n`)
        .join(''),
    );
  }

  text(file: string, edit: (text: string) => string): void {
    writeFileSync(join(this.#folder, file), edit(readFileSync(join(this.#folder, file), 'utf8')));
  }

  remove(...files: readonly string[]): void {
    for (const file of files) rmSync(join(this.#folder, file));
  }
}

/** Swaps two elements. */
export function swapped<T>(list: readonly T[], one: number, other: number): T[] {
  return list.map((element, index) => list[index === one ? other : index === other ? one : index] ?? element);
}

/** Duplicates one element. */
export function doubled<T>(list: readonly T[], index: number): T[] {
  return list.toSpliced(index, 0, ...list.slice(index, index + 1));
}

/** Changes one element. */
export function changed<T>(list: readonly T[], index: number, change: (element: T) => T): T[] {
  return list.map((element, at) => (at === index ? change(element) : element));
}

import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  fsyncSync,
  statSync,
  writeSync,
} from 'node:fs';

const LF = 0x0a;

/** Something has taken the file away, or has written to it. */
export class FileLost extends Error {
  override readonly name = 'FileLost';
}

/** A file that only grows, by one writer, whole lines at a time. */
export class AppendFile {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes: number;

  /** Made if missing, for its owner alone. Throws what the file system says. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /**
   * Appends lines, as many as the system takes: of a line that it takes in part, that part is taken back. Returns how many bytes
   * were kept and, if not all, what the system said.
   */
  appendLines(lines: Buffer): { readonly kept: number; readonly failure?: NodeJS.ErrnoException } {
    const { written, failure } = this.#write(lines);
    if (!failure) return { kept: written };
    const kept = written === 0 ? 0 : lines.lastIndexOf(LF, written - 1) + 1;
    this.#takeBack(written - kept);
    return { kept, failure };
  }

  /** Appends all of a text, or nothing: then it throws what the system said. */
  appendWhole(text: string): void {
    const { written, failure } = this.#write(Buffer.from(text));
    if (!failure) return;
    this.#takeBack(written);
    throw failure;
  }

  #write(bytes: Buffer): { readonly written: number; readonly failure?: NodeJS.ErrnoException } {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      return { written };
    } catch (error) {
      return { written, failure: error as NodeJS.ErrnoException };
    } finally {
      this.#bytes += written;
    }
  }

  #takeBack(bytes: number): void {
    if (bytes === 0) return;
    ftruncateSync(this.#descriptor, this.#bytes - bytes);
    this.#bytes -= bytes;
  }

  /** Throws FileLost if the file was deleted or is not as long as it was left. */
  requireUntouched(): void {
    const { nlink, size } = fstatSync(this.#descriptor);
    if (nlink === 0) throw new FileLost(`${this.#path} was deleted`);
    if (size !== this.#bytes) throw new FileLost(`${this.#path} was changed by another process`);
  }

  /** Throws FileLost if another file, or none, has its name now. */
  requireInPlace(): void {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const { dev, ino } = fstatSync(this.#descriptor);
    if (there?.dev !== dev || there.ino !== ino) throw new FileLost(`${this.#path} was moved or deleted`);
  }

  /** Resolves when what was appended before the call is on the disk. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  syncNow(): void {
    fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Forces the names of new files in a folder to the disk. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

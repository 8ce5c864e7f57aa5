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
import { promisify } from 'node:util';

const LF = 0x0a;
const forceData = promisify(fdatasync);

/** Something has taken the file away, or has written to it. */
export class FileLost extends Error {
  override readonly name = 'FileLost';
}

/** A file that only grows, by one writer, whole lines at a time. */
export class AppendFile {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes: number;
  /** Bytes of a line at the end that was written in part and could not be taken back yet. */
  #torn = 0;
  #pendingSyncs = 0;
  #isClosed = false;

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
    this.#torn += written - kept;
    this.#tryTakeBack();
    return { kept, failure };
  }

  /** Appends all of a text, or nothing: then it throws what the system said. */
  appendWhole(text: string): void {
    const { written, failure } = this.#write(Buffer.from(text));
    if (!failure) return;
    this.#torn += written;
    this.#tryTakeBack();
    throw failure;
  }

  #write(bytes: Buffer): { readonly written: number; readonly failure?: NodeJS.ErrnoException } {
    let written = 0;
    try {
      this.#requireOpen();
      this.#takeBack();
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      return { written };
    } catch (error) {
      return { written, failure: error as NodeJS.ErrnoException };
    } finally {
      this.#bytes += written;
    }
  }

  #takeBack(): void {
    if (this.#torn === 0) return;
    ftruncateSync(this.#descriptor, this.#bytes - this.#torn);
    this.#bytes -= this.#torn;
    this.#torn = 0;
  }

  #tryTakeBack(): void {
    try {
      this.#takeBack();
    } catch {
      // Some file systems cannot cut a file when they are full. The next write tries again first.
    }
  }

  #requireOpen(): void {
    // Another file may have the descriptor by now.
    if (this.#isClosed) throw new Error(`${this.#path} is closed`);
  }

  /** Throws FileLost if the file was deleted, or has another length than this writer left. */
  requireUntouched(): void {
    this.#requireOpen();
    const { nlink, size } = fstatSync(this.#descriptor);
    if (nlink === 0) throw new FileLost(`${this.#path} was deleted`);
    if (size !== this.#bytes) throw new FileLost(`${this.#path} was changed by another process`);
  }

  /** Throws FileLost if another file, or none, has its name now. */
  requireInPlace(): void {
    this.#requireOpen();
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const { dev, ino } = fstatSync(this.#descriptor);
    if (there?.dev !== dev || there.ino !== ino) throw new FileLost(`${this.#path} was moved or deleted`);
  }

  /** Resolves when what was appended before the call is on the disk. */
  async sync(): Promise<void> {
    this.#requireOpen();
    this.#pendingSyncs += 1;
    try {
      await forceData(this.#descriptor);
    } finally {
      this.#pendingSyncs -= 1;
      if (this.#isClosed) this.#closeDescriptor();
    }
  }

  syncNow(): void {
    this.#requireOpen();
    fdatasyncSync(this.#descriptor);
  }

  /** Has no effect the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeDescriptor();
  }

  #closeDescriptor(): void {
    // A thread that still works for sync() must not meet another file.
    if (this.#pendingSyncs === 0) closeSync(this.#descriptor);
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

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

/** Another process has removed the file, or has written to it. */
export class FileLost extends Error {
  override readonly name = 'FileLost';
}

/** A file to which one writer appends whole lines, and which never shrinks. */
export class AppendFile {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes: number;
  /** Bytes of a partly written last line that could not be cut off yet. */
  #torn = 0;
  #pendingSyncs = 0;
  #isClosed = false;

  /** Opens the file, which is created if missing, readable by its owner only. Throws the file system's error. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /**
   * Appends as many whole lines as the system accepts. A partly written line is cut off again. Returns how many bytes were kept
   * and, if not all, the system's error.
   */
  appendLines(lines: Buffer): { readonly kept: number; readonly failure?: NodeJS.ErrnoException } {
    const { written, failure } = this.#write(lines);
    if (!failure) return { kept: written };
    const kept = written === 0 ? 0 : lines.lastIndexOf(LF, written - 1) + 1;
    this.#torn += written - kept;
    this.#tryTakeBack();
    return { kept, failure };
  }

  /** Appends the whole text, or nothing: then it throws the system's error. */
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
      // Some file systems cannot truncate a file when they are full. The next write tries again first.
    }
  }

  #requireOpen(): void {
    // After a close, another file may have this descriptor.
    if (this.#isClosed) throw new Error(`${this.#path} is closed`);
  }

  /** Throws FileLost if the file was deleted, or if its length differs from what this writer left. */
  requireUntouched(): void {
    this.#requireOpen();
    const { nlink, size } = fstatSync(this.#descriptor);
    if (nlink === 0) throw new FileLost(`${this.#path} was deleted`);
    if (size !== this.#bytes) throw new FileLost(`${this.#path} was changed by another process`);
  }

  /** Throws FileLost if another file, or none, has its path now. */
  requireInPlace(): void {
    this.#requireOpen();
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const { dev, ino } = fstatSync(this.#descriptor);
    if (there?.dev !== dev || there.ino !== ino) throw new FileLost(`${this.#path} was moved or deleted`);
  }

  /** Resolves when everything that was appended before the call is on the disk. */
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

  /** Closes the file. Has no effect the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeDescriptor();
  }

  #closeDescriptor(): void {
    // A thread that still runs for sync() must not use the descriptor of another file.
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

import { fstatSync, writeSync } from 'node:fs';
import { boundedJson } from '../audit/format/boundedJson.ts';

export interface LogStreamOptions {
  /** Non-blocking if it is a pipe or socket; program.ts ensures that. */
  readonly descriptor: number;
  /** Whether other processes write there too. */
  readonly isShared: boolean;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** Called when the pipe has no reader left, so that nothing can ever be written to it. */
  readonly onGone: (reason: string) => void;
  /** Called when lines cannot be written or are dropped. If left out, the stream retries, and counts the dropped lines. */
  readonly onLoss?: (reason: string) => void;
}

/** A line that waits to be written. */
export interface StreamLine {
  /** The text, with its LF. It may be replaced until `isTaken`. */
  text: string;
  /** Whether a part of it may already be written. */
  isTaken?: boolean;
  readonly onWritten?: (() => void) | undefined;
}

// POSIX, write(): a pipe takes up to this many bytes either whole or not at all, so that lines of several writers do not mix.
const PIPE_BUF = 4_096;
const MAX_WRITE_BYTES = 256 * 1024;
// Lines that nothing waits for are dropped and counted beyond this size.
const MAX_WAITING_CHARACTERS = 1024 * 1024;
// A full pipe has room again as soon as its reader runs.
const RETRY_MS = 1;
// A reader that is slow counts as stalled after this time. Then writes are retried less often.
const STALLED_MS = 200;
const STALLED_RETRY_MS = 10;

/** Standard output as the log: whole lines, in order, written without waiting for a reader. */
export class LogStream {
  readonly #options: LogStreamOptions;
  readonly #maxWrite: number;
  readonly #maxLine: number;
  #waiting: StreamLine[] = [];
  #waitingCharacters = 0;
  /** The rest of a partly accepted write, and the lines that end with it. */
  #partial: { bytes: Buffer; readonly lines: readonly StreamLine[] } | undefined;
  #blockedAt: number | undefined;
  #failure: string | undefined;
  #dropped = 0;
  #isFlushing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogStreamOptions) {
    this.#options = options;
    // Appends to a file never mix.
    const mayMix = options.isShared && !fstatSync(options.descriptor).isFile();
    this.#maxWrite = mayMix ? PIPE_BUF : MAX_WRITE_BYTES;
    this.#maxLine = mayMix ? PIPE_BUF : Infinity;
  }

  /** Writes lines that nothing waits for. While the reader is far behind, they are dropped and counted. */
  write(lines: string): void {
    for (const text of lines.length > this.#maxLine ? (lines.match(/.*\n|.+$/g) ?? []) : [lines]) {
      if (this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.#drop();
      else this.push({ text: this.#shorten(text) });
    }
    this.flush();
  }

  /** Adds a line to the waiting ones. */
  push(line: StreamLine): void {
    this.#waiting.push(line);
    this.#waitingCharacters += line.text.length;
  }

  /** Largest size of a line in bytes, with its LF. */
  get maxLineBytes(): number {
    return this.#maxLine;
  }

  /** Writes waiting lines, as far as the system accepts them. The rest follows later without another call. */
  flush(): void {
    // A line's onWritten may write further lines. They follow when the current write is done, because nested calls would fill the
    // stack.
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      this.#writeWaiting();
    } finally {
      this.#isFlushing = false;
    }
  }

  #writeWaiting(): void {
    while (!this.isEmpty || this.#dropped > 0) {
      if (this.isEmpty) this.#pushDropped();
      if (this.#writeOnce()) continue;
      // Lines that nobody reads must not keep the process alive. The trail itself waits for records that matter.
      const delay = this.problem === undefined ? RETRY_MS : STALLED_RETRY_MS;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.flush();
      }, delay).unref();
      return;
    }
  }

  /** Why lines cannot be written now; undefined if they can. */
  get problem(): string | undefined {
    if (this.#failure !== undefined) return `the log cannot be written: ${this.#failure}`;
    const isStalled = this.#blockedAt !== undefined && this.#options.clock() - this.#blockedAt >= STALLED_MS;
    return isStalled ? 'the log cannot be written: its reader has stopped reading' : undefined;
  }

  /** Whether so much waits that little more should be written. */
  get isBehind(): boolean {
    return this.#waitingCharacters > MAX_WAITING_CHARACTERS / 2;
  }

  get isEmpty(): boolean {
    return this.#partial === undefined && this.#waiting.length === 0;
  }

  /** Stops writing. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#partial = undefined;
    this.#dropped = 0;
  }

  /** Makes one write. Returns false if the system accepts nothing more now. */
  #writeOnce(): boolean {
    const { bytes, lines } = this.#partial ?? this.#nextWrite();
    let written: number;
    try {
      written = writeSync(this.#options.descriptor, bytes);
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
      return false;
    }
    [this.#blockedAt, this.#failure] = [undefined, undefined];
    if (this.#partial === undefined) {
      this.#waiting.splice(0, lines.length);
      for (const line of lines) this.#waitingCharacters -= line.text.length;
      // Lines that were replaced while waiting may have another length.
      if (this.#waiting.length === 0) this.#waitingCharacters = 0;
    }
    if (written < bytes.length) {
      for (const line of lines) line.isTaken = true;
      this.#partial = { bytes: bytes.subarray(written), lines };
    } else {
      this.#partial = undefined;
      for (const line of lines) line.onWritten?.();
    }
    return true;
  }

  #nextWrite(): { readonly bytes: Buffer; readonly lines: readonly StreamLine[] } {
    let bytes = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      bytes += Buffer.byteLength(text);
      if (count > 0 && bytes > this.#maxWrite) break;
      count += 1;
    }
    const lines = this.#waiting.slice(0, count);
    return { bytes: Buffer.from(lines.map(({ text }) => text).join('')), lines };
  }

  #fail({ code, message }: NodeJS.ErrnoException): void {
    if (code === 'EPIPE') {
      this.close();
      this.#options.onGone(message);
    } else if (code === 'EAGAIN') this.#blockedAt ??= this.#options.clock();
    else {
      this.#failure = message;
      this.#options.onLoss?.(message);
    }
  }

  #drop(): void {
    this.#dropped += 1;
    this.#options.onLoss?.('the reader of standard output is too far behind');
  }

  #shorten(line: string): string {
    if (Buffer.byteLength(line) <= this.#maxLine) return line;
    try {
      return `${boundedJson(JSON.parse(line) as object, this.#maxLine - 1)}\n`;
    } catch {
      // This is not a line of ours. A library may write to standard output too.
      return `${line.slice(0, this.#maxLine / 4)}\n`;
    }
  }

  #pushDropped(): void {
    const omitted = this.#dropped;
    this.#dropped = 0;
    const time = new Date().toISOString();
    this.push({ text: `${JSON.stringify({ level: 'error', time, omitted, msg: 'lines of the log were dropped' })}\n` });
  }
}

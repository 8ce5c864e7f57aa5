import { fstatSync, writeSync } from 'node:fs';
import { boundedJson } from '../audit/format/boundedJson.ts';

export interface LogStreamOptions {
  /** Not blocking, if it is a pipe or socket: program.ts sees to that. */
  readonly descriptor: number;
  /** Whether other processes write there too. */
  readonly isShared: boolean;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** Told that the pipe has no reader left: nothing will ever be written there. */
  readonly onGone: (reason: string) => void;
  /** Told when lines cannot be written or are dropped. If left out, the stream tries again, and counts what is dropped. */
  readonly onLoss?: (reason: string) => void;
}

/** A line that waits to be written. */
export interface StreamLine {
  /** With its LF; may be replaced until `isTaken`. */
  text: string;
  /** Whether a part of it may be written already. */
  isTaken?: boolean;
  readonly onWritten?: (() => void) | undefined;
}

// POSIX, write(): as much as this is written to a pipe at once or not at all, so that lines of several writers do not mix.
const PIPE_BUF = 4_096;
const MAX_WRITE_BYTES = 256 * 1024;
// Lines that nothing waits for are dropped beyond this, and counted.
const MAX_WAITING_CHARACTERS = 1024 * 1024;
// A pipe that is full has room again as soon as its reader has its turn.
const RETRY_MS = 1;
// A reader that is slow is not one that has stopped: that one is asked less often.
const STALLED_MS = 200;
const STALLED_RETRY_MS = 10;

/** Standard output as the log: whole lines, in order, written without waiting for a reader. */
export class LogStream {
  readonly #options: LogStreamOptions;
  readonly #maxWrite: number;
  readonly #maxLine: number;
  #waiting: StreamLine[] = [];
  #waitingCharacters = 0;
  /** What is left of a write that the system took in part, and the lines that end with it. */
  #partial: { bytes: Buffer; readonly lines: readonly StreamLine[] } | undefined;
  #blockedAt: number | undefined;
  #failure: string | undefined;
  #dropped = 0;
  #isFlushing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogStreamOptions) {
    this.#options = options;
    // Appends to a file do not mix.
    const mayMix = options.isShared && !fstatSync(options.descriptor).isFile();
    this.#maxWrite = mayMix ? PIPE_BUF : MAX_WRITE_BYTES;
    this.#maxLine = mayMix ? PIPE_BUF : Infinity;
  }

  /** Writes lines that nothing waits for. They are dropped, and counted, while the reader is far behind. */
  write(lines: string): void {
    for (const text of lines.length > this.#maxLine ? (lines.match(/.*\n|.+$/g) ?? []) : [lines]) {
      if (this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.#drop();
      else this.push({ text: this.#shorten(text) });
    }
    this.flush();
  }

  /** Adds a line to those that wait. */
  push(line: StreamLine): void {
    this.#waiting.push(line);
    this.#waitingCharacters += line.text.length;
  }

  /** Bytes that a line has at most, with its LF. */
  get maxLineBytes(): number {
    return this.#maxLine;
  }

  /** Writes what waits, as far as the system takes it; goes on by itself with the rest. */
  flush(): void {
    // What a line's onWritten writes follows when that line's write is done: calls within calls would fill the stack.
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
      // What nobody reads must not keep the process from ending: records that matter are waited for by the trail.
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
    return isStalled ? 'the log cannot be written: its reader does not read' : undefined;
  }

  /** Whether so much waits that little more should be written. */
  get isBehind(): boolean {
    return this.#waitingCharacters > MAX_WAITING_CHARACTERS / 2;
  }

  get isEmpty(): boolean {
    return this.#partial === undefined && this.#waiting.length === 0;
  }

  /** Writes no more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#partial = undefined;
    this.#dropped = 0;
  }

  /** One write; false if the system takes nothing more now. */
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
      // Lines that were replaced while they waited have another length.
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
      // Not one of our lines: a library may write to standard output too.
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

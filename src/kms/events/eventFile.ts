import { closeSync, fstatSync, ftruncateSync, readSync, statSync, writeSync } from 'node:fs';
import { openPrivateFile } from '../openPrivateFile.ts';

/** Error if the file for events cannot be used. The message says why, and what to do. */
export class EventFileFailure extends Error {
  override readonly name = 'EventFileFailure';
}

/** Log for records about the file itself. A pino logger fits. */
export interface EventFileLog {
  info(record: object, message: string): void;
  error(record: object, message: string): void;
}

const LF = 0x0a;
const BRACE = 0x7b;

/**
 * A file with one JSON line per event, which only its owner can access. Each line is one write and is in the file when `write` returns. If
 * the file has been renamed or removed, a new one is created at its path. A failure loses events and is logged once, but never reaches the
 * caller.
 */
export class EventFile {
  readonly #file: string;
  readonly #log: EventFileLog;
  /** Undefined while the file cannot be opened, and after `close`. */
  #descriptor: number | undefined;
  #isClosed = false;
  #lost = 0;

  /** Opens or creates the file. Throws EventFileFailure. */
  constructor(file: string, log: EventFileLog) {
    this.#file = file;
    this.#log = log;
    try {
      this.#descriptor = openPrivateFile(file, requireEvents);
    } catch (error) {
      const { message } = error as Error;
      throw new EventFileFailure(`The event file ${file} cannot be used (${message}). Name another one with --events.`);
    }
  }

  /** Appends the JSON of an event. */
  write(json: string): void {
    if (this.#isClosed) return;
    try {
      appendLine(this.#currentDescriptor(), Buffer.from(`${json}\n`));
    } catch (error) {
      if (this.#lost === 0) this.#log.error({ detail: (error as Error).message }, 'events cannot be written');
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0) this.#log.info({ lost: this.#lost }, 'events can be written again');
    this.#lost = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  #currentDescriptor(): number {
    if (this.#descriptor !== undefined && !isAt(this.#file, this.#descriptor)) this.#leave();
    this.#descriptor ??= openPrivateFile(this.#file, requireEvents);
    return this.#descriptor;
  }

  #leave(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Ends a last line that a crash has cut. Throws if the file has content that is not events. */
function requireEvents(descriptor: number): void {
  const { size } = fstatSync(descriptor);
  if (size === 0) return;
  if (byteAt(descriptor, 0) !== BRACE) throw new Error('it contains something other than events');
  if (byteAt(descriptor, size - 1) !== LF) writeSync(descriptor, '\n');
}

function byteAt(descriptor: number, position: number): number {
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, { position });
  return byte.readUInt8();
}

function appendLine(descriptor: number, line: Buffer): void {
  const written = writeSync(descriptor, line);
  if (written === line.length) return;
  // A full disk may accept part of a line, which would corrupt the next line, so the part is removed.
  ftruncateSync(descriptor, fstatSync(descriptor).size - written);
  throw new Error('there is no room for a whole line');
}

function isAt(file: string, descriptor: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const here = fstatSync(descriptor);
  return there?.ino === here.ino && there.dev === here.dev;
}

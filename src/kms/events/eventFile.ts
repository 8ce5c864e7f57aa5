import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';

/** A file for events that cannot be used; the message says why, and what to do. */
export class EventFileFailure extends Error {
  override readonly name = 'EventFileFailure';
}

/** Takes records of the file's own; pino's methods fit. */
export interface EventFileLog {
  info(record: object, message: string): void;
  error(record: object, message: string): void;
}

const LF = 0x0a;

/**
 * A file with one JSON line for each event, for its owner alone. Each line is one write and is in the file when `write` returns.
 * A file that has been renamed or removed is left, and a new one made at its path. A failure is logged once and loses events; it
 * never reaches the caller.
 */
export class EventFile {
  readonly #file: string;
  readonly #log: EventFileLog;
  /** Undefined while it cannot be opened, and in the end. */
  #descriptor: number | undefined;
  #isClosed = false;
  #lost = 0;

  /** Opens the file or makes it. Throws EventFileFailure. */
  constructor(file: string, log: EventFileLog) {
    this.#file = file;
    this.#log = log;
    try {
      this.#descriptor = openForAppending(file);
    } catch (error) {
      const { message } = error as Error;
      throw new EventFileFailure(`The event file ${file} cannot be used (${message}). Name another with --events.`);
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
    if (this.#lost > 0) this.#log.info({ lost: this.#lost }, 'events are written again');
    this.#lost = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  #currentDescriptor(): number {
    if (this.#descriptor !== undefined && !isAt(this.#file, this.#descriptor)) this.#leave();
    this.#descriptor ??= openForAppending(this.#file);
    return this.#descriptor;
  }

  #leave(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function openForAppending(file: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;
  const descriptor = openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0o600);
  try {
    prepare(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function prepare(descriptor: number): void {
  const stats = fstatSync(descriptor);
  // A device, such as /dev/null, would have its permissions changed for everybody.
  if (!stats.isFile()) throw new Error('it is not a file');
  if (stats.size > 0) {
    const [first, last] = [0, stats.size - 1].map((position) => byteAt(descriptor, position));
    if (first !== '{'.charCodeAt(0)) throw new Error('it holds something else than events');
    // The end of a line that a crash has cut.
    if (last !== LF) writeSync(descriptor, '\n');
  }
  fchmodSync(descriptor, 0o600);
}

function byteAt(descriptor: number, position: number): number {
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, { position });
  return byte.readUInt8();
}

function appendLine(descriptor: number, line: Buffer): void {
  const written = writeSync(descriptor, line);
  if (written === line.length) return;
  // A disk that is full takes a part: half a line would spoil the next one.
  ftruncateSync(descriptor, fstatSync(descriptor).size - written);
  throw new Error('there is no room for a whole line');
}

function isAt(file: string, descriptor: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const here = fstatSync(descriptor);
  return there?.ino === here.ino && there.dev === here.dev;
}

import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { withTimeLimit } from '../../src/timing/timeLimit.ts';

export type LogRecord = Readonly<Record<string, unknown>>;

const WAIT_MS = 60_000;
const SHOWN_CHARACTERS = 3_000;

/** The output of a process in JSON lines. */
export class ProcessLog {
  readonly #records: LogRecord[] = [];
  /** Waiting callers look again after each write, and when nothing more can be written. */
  readonly #looks = new Set<() => void>();
  #output = '';
  /** Length of the output that has been parsed into records. */
  #parsed = 0;
  #ended = false;

  constructor(...streams: readonly Readable[]) {
    for (const stream of streams) {
      stream.setEncoding('utf8').on('data', (written: string) => {
        this.#output += written;
        this.#lookAgain();
      });
    }
    const ends = streams.map((stream) => new Promise((resolve) => stream.once('close', resolve)));
    void Promise.all(ends).then(() => {
      this.#ended = true;
      this.#lookAgain();
    });
  }

  /** All output so far. */
  get output(): string {
    return this.#output;
  }

  /** The records; throws if a line is not a JSON object. */
  get records(): LogRecord[] {
    this.#parse();
    return [...this.#records];
  }

  /**
   * The latest record with these fields after the first `seen`, as soon as there is one. Throws if the process ends
   * without one.
   */
  async waitFor(fields: object, seen = 0): Promise<LogRecord> {
    const wanted = Object.entries(fields);
    const found = Promise.withResolvers<LogRecord>();
    const look = (): void => {
      try {
        this.#parse();
        const record = this.#records
          .slice(seen)
          .findLast((each) => wanted.every(([name, value]) => isDeepStrictEqual(each[name], value)));
        seen = this.#records.length;
        if (record) found.resolve(record);
        else if (this.#ended) found.reject(this.#lacks(fields));
      } catch (error) {
        found.reject(error);
      }
    };
    this.#looks.add(look);
    look();
    try {
      return await withTimeLimit(found.promise, WAIT_MS, () => {
        throw this.#lacks(fields);
      });
    } finally {
      this.#looks.delete(look);
    }
  }

  /** Appends the records of the lines that are complete now. */
  #parse(): void {
    const end = this.#output.lastIndexOf('\n') + 1;
    const lines = this.#output.slice(this.#parsed, end).split('\n').slice(0, -1);
    this.#records.push(...lines.map((line) => JSON.parse(line) as LogRecord));
    this.#parsed = end;
  }

  #lookAgain(): void {
    for (const look of this.#looks) look();
  }

  #lacks(fields: object): Error {
    const end = this.#output.slice(-SHOWN_CHARACTERS);
    return new Error(`There is no ${JSON.stringify(fields)} in the log, which ends with:\n${end}`);
  }
}

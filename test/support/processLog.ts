import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { vi } from 'vitest';

export type LogRecord = Readonly<Record<string, unknown>>;

/** What a process has written, in JSON lines. */
export class ProcessLog {
  #output = '';

  constructor(...streams: readonly Readable[]) {
    for (const stream of streams) {
      stream.setEncoding('utf8').on('data', (written: string) => {
        this.#output += written;
      });
    }
  }

  /** Everything. */
  get output(): string {
    return this.#output;
  }

  /** The records; throws if a line is not a JSON object. */
  get records(): LogRecord[] {
    const lines = this.#output.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogRecord);
  }

  /** The latest record with these fields, as soon as there is one. */
  waitFor(fields: object): Promise<LogRecord> {
    const find = (): LogRecord => {
      const record = this.records.findLast((candidate) => isDeepStrictEqual({ ...candidate, ...fields }, candidate));
      if (record) return record;
      const end = this.#output.slice(-3_000);
      throw new Error(`There is no ${JSON.stringify(fields)} in the log, which ends with:\n${end}`);
    };
    return vi.waitFor(find, { timeout: 60_000 });
  }
}

import type { Problems } from './logReport.ts';
import type { RecordLine } from '../format/recordLines.ts';

// A proxy signs at least once an hour (audit.checkpointSeconds), and takes no records while it cannot.
const MAX_HOURS = 2;

/** The records after the newest checkpoint of a log, which nothing protects yet. */
export class UnsignedTail {
  readonly #problems: Problems;
  #first: number | undefined;
  #since: string | undefined;
  #until: string | undefined;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Time of the first unsigned record. */
  get since(): string | undefined {
    return this.#since;
  }

  /** Notes that a segment begins. The records before it are signed by its first checkpoint, so the tail starts again. */
  restart(): void {
    this.#first = this.#since = this.#until = undefined;
  }

  read({ bytes }: RecordLine, index: number): void {
    this.#first ??= index;
    try {
      const { time } = JSON.parse(bytes.toString()) as { time?: unknown };
      if (typeof time !== 'string') return;
      this.#since ??= time;
      this.#until = time;
    } catch {
      this.#problems.add({ index, message: `record ${index} is not JSON, and no checkpoint signs it` });
    }
  }

  /** Notes the end of the log, and reports a tail that is longer than a proxy ever leaves. */
  end(): void {
    const hours = (Date.parse(this.#until ?? '') - Date.parse(this.#since ?? '')) / 3_600_000;
    if (this.#first === undefined || !(hours > MAX_HOURS)) return;
    const what = `records from ${this.#first} on are not signed, for ${Math.floor(hours)} hours`;
    this.#problems.add({ index: this.#first, message: `${what}: checkpoints are missing` });
  }
}

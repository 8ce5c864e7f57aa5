import type { Problems } from './logReport.ts';
import type { RecordLine } from '../format/recordLines.ts';

// A proxy signs at least each hour (audit.checkpointSeconds), and takes no records while it cannot.
const MAX_HOURS = 2;

/** The records behind the newest checkpoint of a log, which nothing protects yet. */
export class UnsignedTail {
  readonly #problems: Problems;
  #first: number | undefined;
  #since: string | undefined;
  #until: string | undefined;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Time of the first one. */
  get since(): string | undefined {
    return this.#since;
  }

  /** A segment begins: the records before it are no tail, as a checkpoint signs all of them. */
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

  /** The log ends: reports a tail that is too long for what a proxy leaves behind. */
  end(): void {
    const hours = (Date.parse(this.#until ?? '') - Date.parse(this.#since ?? '')) / 3_600_000;
    if (this.#first === undefined || !(hours > MAX_HOURS)) return;
    const what = `records from ${this.#first} on are not signed, for ${Math.floor(hours)} hours`;
    this.#problems.add({ index: this.#first, message: `${what}: checkpoints are missing` });
  }
}

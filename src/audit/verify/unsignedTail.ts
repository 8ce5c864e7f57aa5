import type { Problems } from './logReport.ts';
import type { RecordLine } from '../format/recordLines.ts';

// A proxy signs at least once an hour (audit.checkpointSeconds), and takes no records while it cannot.
const MAX_HOURS = 2;

/** The records of a log that no checkpoint signs yet, so that nothing protects them. */
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

  /**
   * Notes that the records read so far are signed: by the first checkpoint of the segment that begins, or by one that was kept
   * elsewhere. The tail starts again.
   */
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

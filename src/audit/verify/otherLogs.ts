import type { PreviousLog } from '../log/earlierLog.ts';
import type { RecordLine } from '../format/recordLines.ts';

// Each line of the writer begins like this. The first letter of the type is enough to recognise it.
const BEFORE_TYPE = '{"index":,"type":"'.length;
const [C, S] = Buffer.from('cs');

/** The note of another log, and its size. */
interface NotedCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** Collects the statements of a log's records about other logs of its directory. */
export class OtherLogs {
  /** The largest and the newest checkpoint of each log that this one records. They differ if that log began again. */
  readonly #noted = new Map<string, { readonly largest: NotedCheckpoint; readonly newest: NotedCheckpoint }>();
  readonly #startedSlots = new Set<string>();
  #previous: PreviousLog | undefined;

  /** Checkpoints of other logs that these logs must extend. */
  get checkpoints(): readonly string[] {
    const notes = [...this.#noted.values()].flatMap(({ largest, newest }) => [largest.note, newest.note]);
    return [...new Set(notes)];
  }

  /** The log that was moved aside before this one began. */
  get previous(): PreviousLog | undefined {
    return this.#previous;
  }

  /** Slots of the workers that this log has seen start: `w1`. */
  get startedSlots(): ReadonlySet<string> {
    return this.#startedSlots;
  }

  /** Reads the record with this index. */
  read({ bytes }: RecordLine, index: number): void {
    const letter = bytes[BEFORE_TYPE + String(index).length];
    if (letter !== C && letter !== S) return;
    const members = membersOf(bytes);
    if (members['type'] === 'checkpoint') this.#note(members);
    if (members['type'] !== 'start') return;
    if (index === 0) this.#previous = members['previous'] as PreviousLog | undefined;
    if (typeof members['slot'] === 'string') this.#startedSlots.add(members['slot']);
  }

  #note({ log, size, note }: Readonly<Record<string, unknown>>): void {
    if (typeof log !== 'string' || typeof size !== 'number' || typeof note !== 'string') return;
    const newest = { size, note };
    const largest = this.#noted.get(log)?.largest ?? newest;
    this.#noted.set(log, { largest: largest.size > size ? largest : newest, newest });
  }
}

/** Returns the members of a line. Empty if the line is not JSON, which is reported elsewhere. */
function membersOf(line: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

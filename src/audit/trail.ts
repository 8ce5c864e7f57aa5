import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditLog } from './auditLog.ts';
import { Tally } from './tally.ts';
import type { TrailEntry, TrailOptions, WaitingLine } from './trailEntry.ts';
import { auditRecord, streamLine, type StreamForm, type TrailRecord } from './trailRecord.ts';

interface Waiting {
  record: TrailRecord;
  /** Undefined: nothing waits for it, or it was answered already. */
  entry: TrailEntry | undefined;
  readonly deadline: number;
  /** In the audit log. */
  index: number | undefined;
  line: WaitingLine | undefined;
}

// KMS gives up after 250 ms.
const ANSWER_MS = 230;
// A request that an HSM has kept for long need not fail because of a sink that is well.
const LEAST_MS = 50;
const CHECK_MS = 10;
// Records that wait for a sink. Beyond it, connections are closed.
const MAX_WAITING = 4_096;

/**
 * Records, then lets answer: what becomes ready in one turn of the event loop is written with one call to the audit log, then with
 * one to the stream, and then its answers leave. src/audit/README.md tells what becomes of it when a sink fails.
 */
export class Trail {
  readonly #options: TrailOptions;
  readonly #form: StreamForm;
  /** Not in the audit log yet. */
  #fresh: Waiting[] = [];
  /** In the audit log, but not known to be on the disk. */
  #unsettled: Waiting[] = [];
  readonly #streaming = new Set<Waiting>();
  readonly #closed = new Tally();
  readonly #unrecorded = new Tally();
  #isScheduled = false;
  #isSettling = false;
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrailOptions) {
    this.#options = options;
    this.#form = { base: options.base, maxBytes: options.stream.maxLineBytes };
  }

  record(entry: TrailEntry): void {
    const deadline = Math.max(entry.arrivedAt + ANSWER_MS, performance.now() + LEAST_MS);
    this.#add({ record: entry.record, entry, deadline, index: undefined, line: undefined });
  }

  /** Adds a record that nothing waits for to the audit log, if there is one. */
  note(type: TrailRecord['type'], members: object): void {
    if (this.#options.auditLog) this.#addNote({ type, time: new Date().toISOString(), level: 'info', members });
  }

  /** Counts a request whose connection was closed because too many records wait. */
  omit(): void {
    this.#closed.add();
  }

  /** Whether so many records wait that no further request should be taken. */
  get isFull(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** Why requests cannot be recorded now; undefined if they can. */
  get problem(): string | undefined {
    const { auditLog, stream, onFailure } = this.#options;
    return (onFailure === 'refuse' ? auditLog?.problem : undefined) ?? stream.problem;
  }

  /** Writes what waits, until `deadline` (performance.now()) at most, and ends the audit log. Returns what went wrong. */
  async stop(deadline: number): Promise<readonly string[]> {
    const { auditLog, stream } = this.#options;
    this.#isStopping = true;
    for (;;) {
      this.#flush();
      stream.flush();
      if (this.#waiting === 0 || performance.now() >= deadline) break;
      await sleep(CHECK_MS);
    }
    clearTimeout(this.#timer);
    const lost = this.#waiting + this.#closed.count;
    const problem = auditLog?.problem ?? stream.problem ?? 'there was no time left';
    const unended = await auditLog?.stop();
    return [
      ...(lost > 0 ? [`${lost} records were lost: ${problem}`] : []),
      ...(unended === undefined ? [] : [`the audit log was not ended: ${unended}`]),
    ];
  }

  get #waiting(): number {
    return this.#fresh.length + this.#unsettled.length + this.#streaming.size;
  }

  #addNote(record: TrailRecord): void {
    this.#add({ record, entry: undefined, deadline: Infinity, index: undefined, line: undefined });
  }

  #add(waiting: Waiting): void {
    this.#fresh.push(waiting);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { auditLog } = this.#options;
    if (!auditLog) {
      this.#tellOmitted();
      this.#toStream(this.#fresh.splice(0));
    } else if (!this.#isSettling) this.#toAuditLog(auditLog);
    // Answers leave as soon as the stream has their lines; until then their time runs.
    if (this.#waiting > 0 && !this.#isStopping) this.#checkLater();
  }

  #toAuditLog(auditLog: AuditLog): void {
    if (auditLog.problem === undefined) this.#tellOmitted();
    if (this.#fresh.length > 0) {
      const taken = auditLog.append(
        this.#fresh.map(({ record }) => auditRecord(record)),
        this.#isStopping,
      );
      const written = this.#fresh.splice(0, taken);
      const first = auditLog.size - taken;
      for (const [position, waiting] of written.entries()) waiting.index = first + position;
      this.#unsettled.push(...written);
    }
    if (auditLog.problem !== undefined && this.#options.onFailure === 'serve') this.#goOnWithout();
    if (!auditLog.settlesLater) this.#toStream(this.#unsettled.splice(0));
    else if (this.#unsettled.length > 0) void this.#settle(auditLog);
  }

  async #settle(auditLog: AuditLog): Promise<void> {
    this.#isSettling = true;
    const appended = this.#unsettled.length;
    const isSettled = await auditLog.settle();
    this.#isSettling = false;
    if (isSettled) this.#toStream(this.#unsettled.splice(0, appended));
    // What came meanwhile shares the next call.
    if (isSettled && this.#fresh.length > 0) this.#flush();
  }

  #goOnWithout(): void {
    const requests = this.#fresh.filter(({ entry }) => entry !== undefined);
    for (const request of requests) {
      this.#unrecorded.add();
      request.index = undefined;
    }
    if (requests.length > 0) this.#options.onUnrecorded(requests.length);
    this.#toStream(requests);
    this.#fresh = this.#fresh.filter((waiting) => !requests.includes(waiting));
  }

  #toStream(waiting: readonly Waiting[]): void {
    const { stream, requests } = this.#options;
    for (const each of waiting) {
      const text = requests === 'failures' && each.record.level === 'info' ? undefined : streamLine(each, this.#form);
      if (text === undefined) this.#conclude(each);
      else {
        this.#streaming.add(each);
        each.line = {
          text,
          onWritten: () => {
            this.#streaming.delete(each);
            this.#conclude(each);
          },
        };
        stream.push(each.line);
      }
    }
    stream.flush();
  }

  #conclude(waiting: Waiting): void {
    waiting.entry?.onWritten(waiting.index);
  }

  #checkLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      const all = [...this.#fresh, ...this.#unsettled, ...this.#streaming];
      for (const waiting of all) if (waiting.entry && now >= waiting.deadline) this.#refuse(waiting, waiting.entry);
      this.#flush();
    }, CHECK_MS);
  }

  /** Lets a request go without its answer, and makes its record say so; one that a sink has taken already is corrected. */
  #refuse(waiting: Waiting, entry: TrailEntry): void {
    waiting.entry = undefined;
    const members = entry.onLate();
    const refused: TrailRecord = { ...waiting.record, level: 'error', members };
    if (waiting.index === undefined && !waiting.line?.isTaken) {
      waiting.record = refused;
      if (waiting.line) waiting.line.text = streamLine(waiting, this.#form) ?? '';
      return;
    }
    const time = new Date().toISOString();
    this.#addNote({ type: 'correction', time, level: 'error', members: { corrects: waiting.index, ...members } });
  }

  #tellOmitted(): void {
    for (const [tally, reason] of [
      [this.#closed, 'too many records waited: the connections were closed'],
      [this.#unrecorded, 'the audit log could not be written: only the log stream has the records'],
    ] as const) {
      const members = tally.take(reason);
      if (members) this.#addNote({ type: 'omitted', time: members.to, level: 'error', members });
    }
  }
}

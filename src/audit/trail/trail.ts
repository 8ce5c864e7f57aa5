import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditLog } from '../log/auditLog.ts';
import { Tally } from './tally.ts';
import type { TrailEntry, TrailOptions, WaitingLine } from './trailEntry.ts';
import { auditRecord, membersText, streamLine, type StreamForm, type TrailRecord } from '../format/trailRecord.ts';

interface Waiting {
  record: TrailRecord;
  /** Members of the record, as JSON. */
  text: string;
  /** Undefined if nothing waits for the record, or the request was already answered. */
  entry: TrailEntry | undefined;
  readonly deadline: number;
  /** Index in the audit log, and the epoch of that log, since a new log may begin. */
  index: number | undefined;
  epoch: number | undefined;
  line: WaitingLine | undefined;
}

// KMS gives up after 250 ms.
const ANSWER_MS = 230;
// Minimum time to wait for a sink, so that a request which took long in the HSM does not fail while the sink works.
const LEAST_MS = 50;
const CHECK_MS = 10;
// Records that may wait for a sink. Beyond this number, connections are closed.
const MAX_WAITING = 4_096;

/**
 * Records requests, then lets their answers go. Records of one turn of the event loop are written with one call to the audit log,
 * then with one call to the stream. Then their answers leave. src/audit/README.md says what happens when a sink fails.
 */
export class Trail {
  readonly #options: TrailOptions;
  readonly #form: StreamForm;
  /** Records that are not in the audit log yet. */
  #fresh: Waiting[] = [];
  /** Records in the audit log that may not be on the disk yet. `#settle` waits for that. */
  #unsettled: Waiting[] = [];
  readonly #streaming = new Set<Waiting>();
  readonly #closed = new Tally();
  readonly #unrecorded = new Tally();
  readonly #unnoted = new Tally();
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
    this.#add(entry.record, entry, deadline);
  }

  /** Adds a record that no request waits for to the audit log, if there is one. If too many records wait, it is only counted. */
  note(type: TrailRecord['type'], members: object): void {
    if (!this.#options.auditLog) return;
    if (this.isFull) this.#unnoted.add();
    else this.#add({ type, time: new Date().toISOString(), level: 'info', members });
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

  /** Writes the waiting records, until `deadline` (performance.now()) at most, and ends the audit log. Returns the failures. */
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
    const lost = this.#waiting + this.#closed.count + this.#unnoted.count;
    const problem = auditLog?.problem ?? stream.problem ?? 'there was no time left';
    const unended = await auditLog?.stop();
    // The last checkpoint is also a line of the stream.
    while (!stream.isEmpty && performance.now() < deadline) {
      await sleep(CHECK_MS);
      stream.flush();
    }
    return [
      ...(lost > 0 ? [`${lost} records were lost: ${problem}`] : []),
      ...(unended === undefined ? [] : [`the audit log was not ended: ${unended}`]),
    ];
  }

  get #waiting(): number {
    return this.#fresh.length + this.#unsettled.length + this.#streaming.size;
  }

  #add(record: TrailRecord, entry?: TrailEntry, deadline = Infinity): void {
    const text = membersText(record);
    this.#fresh.push({ record, text, entry, deadline, index: undefined, epoch: undefined, line: undefined });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { auditLog } = this.#options;
    if (!auditLog) this.#toStream(this.#fresh.splice(0));
    else if (!this.#isSettling) this.#toAuditLog(auditLog);
    else if (this.#isUnavailable(auditLog)) this.#goOnWithout(this.#unsettled.splice(0));
    if (!this.isFull && auditLog?.problem === undefined) this.#tellOmitted();
    // An answer leaves as soon as the stream has its line. Until then its time limit runs.
    if (this.#waiting > 0 && !this.#isStopping) this.#checkLater();
  }

  /** Whether requests are answered without the audit log now. */
  #isUnavailable(auditLog: AuditLog): boolean {
    return this.#options.onFailure === 'serve' && auditLog.problem !== undefined;
  }

  #toAuditLog(auditLog: AuditLog): void {
    this.#append(auditLog);
    if (this.#isUnavailable(auditLog)) this.#goOnWithout([]);
    if (!auditLog.settlesLater) this.#toStream(this.#unsettled.splice(0));
    else if (this.#unsettled.length > 0) void this.#settle(auditLog);
  }

  #append(auditLog: AuditLog): void {
    while (this.#fresh.length > 0) {
      // While the log fails, each attempt is made with one record only, because formatting the lines of thousands takes too much
      // CPU.
      const tried = auditLog.problem === undefined ? this.#fresh : this.#fresh.slice(0, 1);
      const wanted = tried.length;
      const lines = tried.map(({ record, text }) => auditRecord(record, text));
      const taken = auditLog.append(lines, this.#isStopping);
      const first = auditLog.size - taken;
      for (const [position, waiting] of this.#fresh.splice(0, taken).entries()) {
        waiting.index = first + position;
        waiting.epoch = auditLog.epoch;
        this.#unsettled.push(waiting);
      }
      if (taken < wanted) return;
    }
  }

  async #settle(auditLog: AuditLog): Promise<void> {
    this.#isSettling = true;
    const isSettled = await auditLog.settle();
    this.#isSettling = false;
    const records = this.#unsettled.splice(0);
    // If asked again, the disk reports success although it has lost the records.
    const refused = isSettled || this.#options.onFailure === 'serve' ? [] : records;
    for (const waiting of refused) if (waiting.entry) this.#refuse(waiting, waiting.entry);
    this.#toStream(records);
    // Records that came meanwhile share the next call.
    if (this.#fresh.length > 0) this.#flush();
  }

  /** Passes requests to the stream only, together with `others`, which the audit log has. */
  #goOnWithout(others: readonly Waiting[]): void {
    const requests = this.#fresh.filter(({ entry }) => entry !== undefined);
    this.#fresh = this.#fresh.filter(({ entry }) => entry === undefined);
    for (let counted = 0; counted < requests.length; counted += 1) this.#unrecorded.add();
    if (requests.length > 0) this.#options.onUnrecorded(requests.length);
    this.#toStream([...others, ...requests]);
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
      // A sink may now take records that would otherwise be late.
      this.#flush();
      const now = performance.now();
      const all = [...this.#fresh, ...this.#unsettled, ...this.#streaming];
      for (const waiting of all) if (waiting.entry && now >= waiting.deadline) this.#refuse(waiting, waiting.entry);
    }, CHECK_MS);
  }

  /** Answers a request with a failure, and makes its record say so. A record that a sink has already taken is corrected. */
  #refuse(waiting: Waiting, entry: TrailEntry): void {
    waiting.entry = undefined;
    const members = entry.onLate();
    const refused: TrailRecord = { ...waiting.record, level: 'error', members };
    if (waiting.index === undefined && !waiting.line?.isTaken) {
      waiting.record = refused;
      waiting.text = membersText(refused);
      if (waiting.line) waiting.line.text = streamLine(waiting, this.#form) ?? '';
      return;
    }
    const time = new Date().toISOString();
    // After a log was removed, its successor uses the same index for another record.
    const corrects = waiting.epoch === this.#options.auditLog?.epoch ? waiting.index : undefined;
    this.#add({ type: 'correction', time, level: 'error', members: { corrects, ...members } });
  }

  #tellOmitted(): void {
    for (const [tally, reason] of [
      [this.#closed, 'too many records waited: the connections were closed'],
      [this.#unrecorded, 'the audit log could not be written: only the log stream has the records'],
      [this.#unnoted, 'too many records waited: these were of checkpoints, workers or reloads'],
    ] as const) {
      const members = tally.take(reason);
      if (members) this.#add({ type: 'omitted', time: members.to, level: 'error', members });
    }
  }
}

import type { AuditLog } from '../log/auditLog.ts';
import type { StreamForm, TrailRecord } from '../format/trailRecord.ts';

/** A request that waits for its record. */
export interface TrailEntry {
  readonly record: TrailRecord;
  /** When the request arrived, in milliseconds of performance.now(). */
  readonly arrivedAt: number;
  /** Told when every sink has the record, with its index if there is an audit log. */
  readonly onWritten: (index: number | undefined) => void;
  /** Told instead when that takes too long. Returns the members of the record as it is then. */
  readonly onLate: () => object;
}

/** The log stream, as far as records need it. */
export interface RecordStream {
  push(line: WaitingLine): void;
  flush(): void;
  readonly maxLineBytes: number;
  readonly problem: string | undefined;
  /** Whether no line waits. */
  readonly isEmpty: boolean;
}

export interface WaitingLine {
  text: string;
  /** Whether a part of it may be written already. */
  isTaken?: boolean;
  readonly onWritten?: (() => void) | undefined;
}

export interface TrailOptions extends Pick<StreamForm, 'base'> {
  readonly stream: RecordStream;
  /** Undefined: the stream is the only place of records. */
  readonly auditLog: AuditLog | undefined;
  /** `serve`: requests are answered while the audit log cannot be written, too. */
  readonly onFailure: 'refuse' | 'serve';
  /** Which requests have a line in the stream. */
  readonly requests: 'all' | 'failures';
  /** Told of answers that leave without a record in the audit log. */
  readonly onUnrecorded: (answers: number) => void;
}

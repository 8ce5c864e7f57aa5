import type { AuditLog } from '../log/auditLog.ts';
import type { StreamForm, TrailRecord } from '../format/trailRecord.ts';

/** A request that waits for its record. */
export interface TrailEntry {
  readonly record: TrailRecord;
  /** When the request arrived, in milliseconds of performance.now(). */
  readonly arrivedAt: number;
  /** Called when every sink has the record, with its index if there is an audit log. */
  readonly onWritten: (index: number | undefined) => void;
  /** Called instead when that takes too long. Returns the new members of the record. */
  readonly onLate: () => object;
}

/** The part of the log stream that records use. */
export interface RecordStream {
  push(line: WaitingLine): void;
  flush(): void;
  readonly maxLineBytes: number;
  readonly problem: string | undefined;
  /** Whether no line is waiting. */
  readonly isEmpty: boolean;
}

export interface WaitingLine {
  text: string;
  /** Whether a part of it may already be written. */
  isTaken?: boolean;
  readonly onWritten?: (() => void) | undefined;
}

export interface TrailOptions extends Pick<StreamForm, 'base'> {
  readonly stream: RecordStream;
  /** If undefined, records go to the stream only. */
  readonly auditLog: AuditLog | undefined;
  /** `serve`: requests are also answered while the audit log cannot be written. */
  readonly onFailure: 'refuse' | 'serve';
  /** Which requests have a line in the stream. */
  readonly requests: 'all' | 'failures';
  /** Called with the number of answers that leave without a record in the audit log. */
  readonly onUnrecorded: (answers: number) => void;
}

import { boundedJson } from './boundedJson.ts';
import { MAX_LINE_BYTES } from './recordLines.ts';

/** An event to be recorded. */
export interface TrailRecord {
  readonly type:
    | 'request'
    | 'omitted'
    | 'correction'
    | 'start'
    | 'stop'
    | 'reload'
    | 'admin'
    | 'checkpoint'
    | 'heartbeat';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The level of its line in the stream. */
  readonly level: 'info' | 'warn' | 'error';
  readonly members: object;
}

/** The form of the lines of the stream. */
export interface StreamForm {
  /** Members with which each line begins. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Largest size of a line, with its LF. */
  readonly maxBytes: number;
}

export interface StreamedRecord {
  readonly record: TrailRecord;
  /** Index of the record in the audit log, if there is one. */
  readonly index: number | undefined;
  /** Result of membersText for this record, if it is known. */
  readonly text?: string;
}

// Only record types whose events have no other line in the stream.
const IN_STREAM: Readonly<Partial<Record<TrailRecord['type'], string>>> = {
  request: 'request',
  omitted: 'requests were omitted',
  correction: 'correction',
};
// `{"index":9007199254740991,"type":"...","time":"...",` and the LF, rounded up.
const HEAD_BYTES = 128;

/** Formats the members of a record as JSON, short enough for the audit log. */
export function membersText({ members }: TrailRecord): string {
  return boundedJson(members, MAX_LINE_BYTES - HEAD_BYTES);
}

/** Returns the record without its index, which the audit log adds. `text`: result of membersText, if it is known. */
export function auditRecord(record: TrailRecord, text = membersText(record)): string {
  return join(`{"type":"${record.type}","time":"${record.time}"`, text, '}');
}

/** Returns the record as a line of the stream, with its LF. Undefined if the event has another line in the stream. */
export function streamLine(
  { record, index, text = membersText(record) }: StreamedRecord,
  { base, maxBytes }: StreamForm,
): string | undefined {
  const { type, time, level, members } = record;
  const message = IN_STREAM[type];
  if (message === undefined) return undefined;
  const head = JSON.stringify({ level, time, ...base, ...(index === undefined ? {} : { index }) }).slice(0, -1);
  const tail = `,"msg":"${message}"}\n`;
  const room = Math.min(maxBytes, MAX_LINE_BYTES) - head.length - tail.length - 1;
  return join(head, Buffer.byteLength(text) <= room ? text : boundedJson(members, room), tail);
}

function join(head: string, members: string, tail: string): string {
  return members === '{}' ? `${head}${tail}` : `${head},${members.slice(1, -1)}${tail}`;
}

import { boundedJson } from './boundedJson.ts';
import { MAX_LINE_BYTES } from './recordLines.ts';

/** What happened. */
export interface TrailRecord {
  readonly type: 'request' | 'omitted' | 'correction' | 'start' | 'stop' | 'reload' | 'admin' | 'checkpoint';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Of its line in the stream. */
  readonly level: 'info' | 'warn' | 'error';
  readonly members: object;
}

/** How lines of the stream look. */
export interface StreamForm {
  /** What every line begins with. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Of a line, with its LF. */
  readonly maxBytes: number;
}

// Those that nothing else in the stream tells of.
const IN_STREAM: Readonly<Partial<Record<TrailRecord['type'], string>>> = {
  request: 'request',
  omitted: 'requests were omitted',
  correction: 'correction',
};
// `{"index":9007199254740991,"type":"...","time":"...",` and the LF, rounded up.
const HEAD_BYTES = 128;

/** The record without its index, which the audit log gives it. */
export function auditRecord({ type, time, members }: TrailRecord): string {
  return join(`{"type":"${type}","time":"${time}"`, boundedJson(members, MAX_LINE_BYTES - HEAD_BYTES), '}');
}

/** The record as a line of the stream, with its LF; undefined if the stream tells of it otherwise. */
export function streamLine(
  {
    record: { type, time, level, members },
    index,
  }: { readonly record: TrailRecord; readonly index: number | undefined },
  { base, maxBytes }: StreamForm,
): string | undefined {
  const message = IN_STREAM[type];
  if (message === undefined) return undefined;
  const head = JSON.stringify({ level, time, ...base, ...(index === undefined ? {} : { index }) }).slice(0, -1);
  const tail = `,"msg":"${message}"}\n`;
  const room = Math.min(maxBytes, MAX_LINE_BYTES) - head.length - tail.length - 1;
  return join(head, boundedJson(members, room), tail);
}

function join(head: string, members: string, tail: string): string {
  return members === '{}' ? `${head}${tail}` : `${head},${members.slice(1, -1)}${tail}`;
}

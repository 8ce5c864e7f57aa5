import type { LogReport, Stretch } from '../../audit/verify/logReport.ts';
import type { AuditReport } from '../../audit/verify/verifyLogs.ts';

const KINDS = {
  open: '',
  closed: ' (closed: another key or origin took over)',
  sealed: ' (sealed: its proxy found it damaged and set it aside)',
};

/** Describes the result of a verification to a person: a paragraph for each log, then problems that concern several logs. */
export function describeReport({ logs, problems, notes }: AuditReport): string {
  const paragraphs = logs.map((log) => [`${log.folder}${KINDS[log.kind]}`, ...linesOf(log).map(indent)].join('\n'));
  const together = [...notes.map((note) => `note: ${note}`), ...problems.map((problem) => `PROBLEM: ${problem}`)];
  return [...paragraphs, ...(together.length > 0 ? [together.join('\n')] : [])].join('\n\n');
}

function linesOf(log: LogReport): string[] {
  const { tornBytes, tornCheckpointBytes, writer, problemCount, problems } = log;
  const size = log.lastCheckpoint === undefined ? '' : `, the newest of size ${log.signedRecords}`;
  const hidden = problemCount - problems.length;
  return [
    `name         ${log.name ?? 'none'}`,
    `key          ${log.keys.join(', ') || 'none'}`,
    `records      ${describeRecords(log)}`,
    `checkpoints  ${log.checkpoints}${size}`,
    `proven       ${log.proven.map(describeStretch).join(', ') || 'nothing'}`,
    ...(log.extended.length > 0 ? [`extends      ${describeExtended(log.extended)}`] : []),
    ...(log.firstIndex > 0 ? [`deleted      records before ${log.firstIndex}: nothing here shows what they were`] : []),
    ...(log.unsigned > 0 ? [`not signed   ${describeUnsigned(log)}`] : []),
    ...(tornBytes > 0 ? [`torn         ${tornBytes} bytes of an unfinished last record`] : []),
    ...(tornCheckpointBytes > 0 ? [`torn         ${tornCheckpointBytes} bytes of an unfinished last checkpoint`] : []),
    ...(writer === undefined ? [] : [`writer       ${describeWriter(writer)}`]),
    ...problems.map(({ message }) => `PROBLEM      ${message}`),
    ...(hidden > 0 ? [`PROBLEM      and ${hidden} more`] : []),
  ];
}

function describeRecords({ records, segments, firstIndex }: LogReport): string {
  const from = firstIndex > 0 ? `, from ${firstIndex} on` : '';
  return `${records} in ${plural(segments, 'segment')}${from}`;
}

function describeUnsigned({ unsigned, unsignedSince }: LogReport): string {
  const since = unsignedSince === undefined ? '' : `, from ${unsignedSince} on`;
  return `${plural(unsigned, 'record')} that no checkpoint signs yet${since}`;
}

function describeStretch({ from, to }: Stretch): string {
  return from === to ? `record ${from}` : `records ${from} to ${to}`;
}

function describeWriter(writer: number | 'stale'): string {
  return writer === 'stale'
    ? 'none: the lock is stale, its process ended without closing the log'
    : `process ${writer}`;
}

/** A number of things. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function indent(line: string): string {
  return `  ${line}`;
}

function describeExtended(sizes: readonly number[]): string {
  // Spread arguments would overflow the stack for a month of checkpoints.
  const greatest = sizes.reduce((one, other) => Math.max(one, other), 0);
  return sizes.length === 1
    ? `the checkpoint of size ${greatest} in main or --checkpoint`
    : `${sizes.length} checkpoints in main or --checkpoint, the newest of size ${greatest}`;
}

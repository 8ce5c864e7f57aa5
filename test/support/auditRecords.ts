import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from './processLog.ts';

/** The records of all logs of a directory, in whole lines; those set aside too. */
export function auditRecords(directory: string): LogRecord[] {
  return readdirSync(directory).flatMap((slot) =>
    readdirSync(join(directory, slot))
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => recordsOf(readFileSync(join(directory, slot, name), 'utf8'))),
  );
}

/** JSON lines; a last one without its end is left out. */
export function recordsOf(text: string): LogRecord[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord);
}

/** kmsRequestIds of the requests that records, or lines of the log, say to have been answered with success. */
export function recordedSuccesses(records: readonly LogRecord[]): Set<string> {
  const successes = records.filter(({ outcome, httpStatus }) => outcome === 'success' && httpStatus === 200);
  return new Set(successes.map(({ requestMetadata }) => (requestMetadata as { kmsRequestId: string }).kmsRequestId));
}

export function missingFrom(records: readonly LogRecord[], answered: readonly string[]): string[] {
  const recorded = recordedSuccesses(records);
  return answered.filter((id) => !recorded.has(id));
}

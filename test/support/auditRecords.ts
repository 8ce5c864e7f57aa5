import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from './processLog.ts';

/** Records of all logs of a directory in whole lines, including logs that were set aside. */
export function auditRecords(directory: string): LogRecord[] {
  return readdirSync(directory).flatMap((slot) =>
    readdirSync(join(directory, slot))
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => recordsOf(readFileSync(join(directory, slot, name), 'utf8'))),
  );
}

/** Parses JSON lines, without a last line that has no end. */
export function recordsOf(text: string): LogRecord[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord);
}

/** kmsRequestIds of successful requests in these records or log lines. */
export function recordedSuccesses(records: readonly LogRecord[]): Set<string> {
  const successes = records.filter(({ outcome, httpStatus }) => outcome === 'success' && httpStatus === 200);
  return new Set(successes.map(({ requestMetadata }) => (requestMetadata as { kmsRequestId: string }).kmsRequestId));
}

export function missingFrom(records: readonly LogRecord[], answered: readonly string[]): string[] {
  const recorded = recordedSuccesses(records);
  return answered.filter((id) => !recorded.has(id));
}

import { isDeepStrictEqual } from 'node:util';
import { CrossCheck } from './crossCheck.ts';
import { findLogs, type FoundLog } from '../format/findLogs.ts';
import type { LogReport } from './logReport.ts';
import { verifyLog, type VerifiedLog, type VerifyOptions } from './verifyLog.ts';

/** The result of verifying a directory. */
export interface AuditReport {
  readonly good: boolean;
  readonly logs: readonly LogReport[];
  /** Contradictions between logs, or between logs and checkpoints kept elsewhere. */
  readonly problems: readonly string[];
  /** Facts that a person should know, and that are no failures. */
  readonly notes: readonly string[];
}

export interface VerifyLogsOptions extends Pick<VerifyOptions, 'trusted' | 'kept'> {
  /** Awaited from time to time, with the number of lines and bytes of a log that were read since the last time. */
  readonly pause: (log: FoundLog, records: number, bytes: number) => Promise<void>;
}

// Logs are moved aside only when a proxy starts, so a second attempt is usually enough.
const ATTEMPTS = 3;

/**
 * Verifies the log in a folder, or all logs of an audit directory and their statements about one another. If a proxy moves a log
 * aside or begins a new one meanwhile, verifies everything again. Throws NoLogFound, or the file system's error.
 */
export async function verifyLogs(folder: string, options: VerifyLogsOptions): Promise<AuditReport> {
  for (let attempt = 1; ; attempt += 1) {
    const found = findLogs(folder);
    const isFinal = () => attempt === ATTEMPTS || isDeepStrictEqual(findLogs(folder), found);
    try {
      const report = await verifyAll(folder, found, options);
      if (isFinal()) return report;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isFinal()) throw error;
    }
  }
}

async function verifyAll(
  folder: string,
  found: readonly FoundLog[],
  { trusted, kept, pause }: VerifyLogsOptions,
): Promise<AuditReport> {
  const isWhole = found[0]?.path !== folder;
  const logs: VerifiedLog[] = [];
  // In this order, `main` comes before the logs whose checkpoints it records.
  const noted = new Map<string, string>();
  for (const log of found) {
    const verified = await verifyLog(log, {
      trusted,
      kept: [...new Set([...kept, ...noted.keys()])],
      pause: (records, bytes) => pause(log, records, bytes),
    });
    logs.push(verified);
    if (!isWhole) continue;
    for (const note of verified.others.checkpoints) noted.set(note, verified.report.folder);
  }
  const check = new CrossCheck(logs);
  check.noteUnsigned();
  check.requireKept(kept);
  for (const [note, recorder] of noted) check.requireNoted(note, recorder);
  if (isWhole) {
    check.checkPredecessors(folder);
    check.checkAbsent(trusted ?? []);
  }
  const { problems, notes } = check;
  const good = problems.length === 0 && logs.every(({ report }) => report.problemCount === 0);
  return { good, logs: logs.map(({ report }) => report), problems, notes };
}

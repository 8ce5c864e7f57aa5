import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { findLogs } from '../../src/audit/format/findLogs.ts';
import type { Checkpoint, LogWriter } from '../../src/audit/log/logWriter.ts';
import { verifyLog, type VerifyOptions } from '../../src/audit/verify/verifyLog.ts';
import { appendSigned, newSigningKey, openLog, ORIGIN } from './auditLogs.ts';
import { Tamperer } from './tamper.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** Name of the log under test. */
export const NAME = `${ORIGIN}/main`;

export interface WrittenLog {
  readonly folder: string;
  readonly tamper: Tamperer;
  readonly log: LogWriter;
  readonly key: KeyObject;
  /** All checkpoints, as an auditor may have kept them. */
  readonly kept: readonly string[];
}

/**
 * A log with its `start` record and 350 others, in segments of 100. Signed sizes: 11, 21 ... 91, 100, 101 ... 191, 200
 * ... 351.
 */
export async function writeLog(key = newSigningKey()): Promise<WrittenLog> {
  const directory = temporaryFolder();
  const kept: string[] = [];
  const onCheckpoint = ({ note }: Checkpoint) => kept.push(note);
  const log = openLog(directory, { privateKey: key, segmentRecords: 100, onCheckpoint });
  await appendSigned(log, 350);
  const folder = join(directory, 'main');
  return { folder, tamper: new Tamperer(folder), log, key, kept };
}

/** The report of one log, with its results for checkpoints that were kept elsewhere. */
export async function verifyFolder(folder: string, options: Partial<VerifyOptions> = {}) {
  const [log] = findLogs(folder);
  if (!log) throw new Error(`there is no log in ${folder}`);
  const none = { trusted: undefined, kept: [], pause: () => Promise.resolve() };
  const { report, kept } = await verifyLog(log, { ...none, ...options });
  return { ...report, messages: report.problems.map(({ message }) => message), kept };
}

/** Name of the records file of the segment that begins with this record. */
export function records(first: number): string {
  return `${String(first).padStart(20, '0')}.ndjson`;
}

/** Name of the checkpoints file of that segment. */
export function notes(first: number): string {
  return `${String(first).padStart(20, '0')}.checkpoints`;
}

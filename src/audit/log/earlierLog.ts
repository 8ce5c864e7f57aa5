import { logFolder, type LogFolder } from '../format/logFolder.ts';
import { EvidenceFound, recoverLog, type RecoveredLog } from './recoverLog.ts';
import { describeAside, newestAside, type AsideKind, type AsideLog } from './setAside.ts';
import type { NoteSigner } from '../format/signedNote.ts';

/** The reason why a log ends. */
export interface LogEnd {
  readonly kind: AsideKind;
  readonly reason: string;
  /** The newest checkpoint that its records agreed with. */
  readonly checkpoint: string | undefined;
}

/** The description of the previous log in the `start` record of a new one. */
export type PreviousLog = LogEnd & AsideLog;

export interface EarlierLog {
  /** Undefined if a new log begins. */
  readonly recovered?: RecoveredLog | undefined;
  /** Undefined if no log ends. */
  readonly end?: LogEnd;
}

/**
 * Examines the log in a folder, and changes nothing. `signer` continues the log, unless it ends: because another key signed it,
 * or because its files contradict one another.
 */
export function lookAtEarlier(folder: LogFolder, { vkey }: NoteSigner): EarlierLog {
  try {
    const recovered = recoverLog(folder);
    if (!recovered || recovered.vkey === vkey) return { recovered };
    const reason = `another key or origin: ${recovered.range.size} records end here`;
    return { end: { kind: 'closed', reason, checkpoint: recovered.checkpoint } };
  } catch (error) {
    if (!(error instanceof EvidenceFound)) throw error;
    return { end: { kind: 'sealed', reason: error.message, checkpoint: error.lastGood } };
  }
}

/** Describes the log that was moved to `folder`, for the first record of its successor. */
export function describePrevious(folder: string, end: LogEnd): PreviousLog {
  return { ...end, ...describeAside(folder) };
}

/**
 * Describes the log that was moved aside last, for a log that has no record yet: the start that moved it may have failed before
 * its first record. Undefined if no log was moved aside.
 */
export function describeNewestAside(path: string, signer: NoteSigner): PreviousLog | undefined {
  const aside = newestAside(path);
  if (!aside) return undefined;
  const { end } = lookAtEarlier(logFolder(aside.folder), signer);
  const unknown = { reason: 'the start that moved it aside did not finish', checkpoint: undefined };
  return describePrevious(aside.folder, { ...unknown, ...end, kind: aside.kind });
}

/** Members of a `start` record that say which parts of a log were cut off after a crash. */
export function tornParts(recovered: RecoveredLog | undefined): object {
  const { tornBytes = 0, tornCheckpointBytes = 0 } = recovered ?? {};
  return { ...(tornBytes > 0 && { tornBytes }), ...(tornCheckpointBytes > 0 && { tornCheckpointBytes }) };
}

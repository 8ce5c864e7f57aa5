import { readFileSync } from 'node:fs';
import type { LogFolder } from './logFolder.ts';
import { EvidenceFound, recoverLog, type RecoveredLog } from './recoverLog.ts';
import type { AsideKind, AsideLog } from './setAside.ts';
import type { NoteSigner } from './signedNote.ts';

/** Why a log ends. */
export interface LogEnd {
  readonly kind: AsideKind;
  readonly reason: string;
  /** The newest checkpoint that its records agreed with. */
  readonly checkpoint: string | undefined;
}

/** What the `start` record of a new log says of the one before it. */
export type PreviousLog = LogEnd & AsideLog;

export interface EarlierLog {
  /** Undefined: a new log begins. */
  readonly recovered?: RecoveredLog | undefined;
  /** Undefined: no log ends. */
  readonly end?: LogEnd;
}

/** The log that is in a folder: to be continued by `signer`, or ended because another key signed it or its files contradict one another. */
export function lookAtEarlier(folder: LogFolder, { vkey }: NoteSigner): EarlierLog {
  try {
    const recovered = recoverLog(folder);
    if (!recovered || readFileSync(folder.vkey, 'utf8').trimEnd() === vkey) return { recovered };
    const reason = `another key or origin: ${recovered.range.size} records end here`;
    return { end: { kind: 'closed', reason, checkpoint: recovered.checkpoint } };
  } catch (error) {
    if (!(error instanceof EvidenceFound)) throw error;
    return { end: { kind: 'sealed', reason: error.message, checkpoint: error.lastGood } };
  }
}

/** Members of a `start` record that say what was cut of a log that a crash had ended. */
export function tornParts(recovered: RecoveredLog | undefined): object {
  const { tornBytes = 0, tornCheckpointBytes = 0 } = recovered ?? {};
  return { ...(tornBytes > 0 && { tornBytes }), ...(tornCheckpointBytes > 0 && { tornCheckpointBytes }) };
}

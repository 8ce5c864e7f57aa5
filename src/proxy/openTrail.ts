import type { Logger } from 'pino';
import { parseAuditKey } from '../audit/format/auditKey.ts';
import { AuditLog, type AuditLogState } from '../audit/log/auditLog.ts';
import type { FollowOptions } from '../audit/log/followedLog.ts';
import type { Checkpoint } from '../audit/log/logWriter.ts';
import { Trail } from '../audit/trail/trail.ts';
import type { Config } from '../config/schema/schema.ts';
import type { LogBase } from '../monitoring/logger.ts';
import type { LogStream } from '../monitoring/logStream.ts';
import { version } from '../version.ts';

/** The audit log cannot be opened. The message says why. */
export class AuditFailure extends Error {
  override readonly name = 'AuditFailure';
}

export interface TrailDependencies {
  /** `main`, or `w1`, `w2` and so on for workers. */
  readonly slot: string;
  readonly stream: LogStream;
  /** Members with which each line of the stream begins. */
  readonly base: LogBase;
  readonly log: Logger;
  /** Called with each checkpoint and the name of its log. */
  readonly onCheckpoint?: ((name: string, checkpoint: Checkpoint) => void) | undefined;
  readonly onUnrecorded?: ((answers: number) => void) | undefined;
}

export interface OpenTrail {
  readonly trail: Trail;
  /** Returns undefined if there is no audit log. */
  readonly auditState: () => AuditLogState | undefined;
}

const FAILING = { refuse: 'requests are not served', serve: 'requests are answered all the same' };
// An error must be noticed, but must not be logged for each request.
const UNRECORDED_LINE_MS = 10_000;

/** Opens the trail that records the requests of a process. Throws AuditFailure. */
export function openTrail({ audit, log: { requests } }: Config, dependencies: TrailDependencies): OpenTrail {
  const { stream, base, log, onUnrecorded } = dependencies;
  const auditLog = audit && openAuditLog(audit, dependencies);
  let saidAt = -Infinity;
  const trail = new Trail({
    stream,
    base,
    auditLog,
    onFailure: audit?.onFailure ?? 'refuse',
    requests,
    onUnrecorded: (answers) => {
      onUnrecorded?.(answers);
      const now = performance.now();
      if (now - saidAt < UNRECORDED_LINE_MS) return;
      saidAt = now;
      log.error(
        { detail: auditLog?.problem },
        'REQUESTS ARE ANSWERED WITHOUT A RECORD IN THE AUDIT LOG (audit.onFailure: serve)',
      );
    },
  });
  return { trail, auditState: () => auditLog?.state };
}

function openAuditLog(
  audit: NonNullable<Config['audit']>,
  { slot, stream, base, log, onCheckpoint }: TrailDependencies,
): AuditLog {
  const { directory, origin, key, sync, checkpointSeconds, segmentRecords, onFailure } = audit;
  const name = `${origin}/${slot}`;
  // A checkpoint in the log stream is an anchor outside the host, so it is written whatever log.level is.
  const anchor = (logName: string, { size, note }: Checkpoint): void => {
    const line = { level: 'info', time: new Date().toISOString(), ...base, log: logName, size, checkpoint: note };
    stream.write(`${JSON.stringify({ ...line, msg: 'audit checkpoint' })}\n`);
  };
  const follows: FollowOptions = {
    slot: 'cli',
    onCheckpoint: anchor,
    onProblem: (problem) => {
      const about = { log: `${origin}/cli`, detail: problem };
      if (problem === undefined) log.info(about, 'the audit log of commands can be read again');
      else log.error(about, 'the audit log of commands cannot be read: its checkpoints are not recorded');
    },
  };
  try {
    return new AuditLog({
      directory,
      slot,
      origin,
      privateKey: parseAuditKey(key.reveal()),
      sync,
      checkpointSeconds,
      // With `serve`, a full disk must not keep this process from serving beside the others, which answer without records.
      opensLater: onFailure === 'serve',
      segmentRecords,
      clock: Date.now,
      about: { version, node: process.version, pid: process.pid },
      onCheckpoint: (checkpoint) => {
        onCheckpoint?.(name, checkpoint);
        anchor(name, checkpoint);
      },
      follows: slot === 'main' ? follows : undefined,
      onProblem: (problem) => {
        if (problem === undefined) log.info({ log: name }, 'the audit log can be written again');
        else log.error({ log: name, detail: problem }, `the audit log cannot be written: ${FAILING[onFailure]}`);
      },
      onSealed: (folders) => {
        const message =
          'an audit log was sealed as evidence: its files contradict each other; examine and verify it, then move it away';
        log.error({ log: name, folders }, message);
      },
    });
  } catch (error) {
    throw new AuditFailure(`the audit log ${directory}/${slot} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseAuditKey } from '../audit/format/auditKey.ts';
import { auditRecord } from '../audit/format/trailRecord.ts';
import { LogWriter } from '../audit/log/logWriter.ts';
import { whenFree } from '../fileLock.ts';
import type { Config } from '../config/schema/schema.ts';
import { version } from '../version.ts';
import { asOwnerOf } from './asOwnerOf.ts';
import type { Cli } from './cli.ts';

/** A change that a command has made. */
export interface AdministrativeAct {
  /** The command, such as `key create`. */
  readonly act: string;
  /** The objects of the change; nothing secret. */
  readonly [member: string]: unknown;
}

/**
 * Returns a function that records the acts of a command, with the user who ran it, in the log `cli` of the configuration's audit
 * directory. Without an audit log, or without the right to write there, it warns: the act itself is not undone.
 */
export function actRecorder(
  cli: Pick<Cli, 'err' | 'env'>,
  { audit }: Pick<Config, 'audit'>,
): (act: AdministrativeAct) => Promise<void> {
  let hasWarned = false;
  const warn = (reason: string): void => {
    if (!hasWarned) cli.err(`warning: this is not recorded in an audit log: ${reason}`);
    hasWarned = true;
  };
  return async (act) => {
    if (!audit) {
      warn('the configuration has none');
      return;
    }
    try {
      // If the first command created the directory, it would belong to the user of that command, and not to the proxy's user.
      if (!existsSync(audit.directory)) throw new Error(`${audit.directory} does not exist yet; the proxy makes it`);
      const members = { ...act, user: systemUser(cli.env) };
      await whenFree(() => {
        asOwnerOf(audit.directory, () => {
          const time = new Date().toISOString();
          append(audit, auditRecord({ type: 'admin', time, level: 'info', members }));
        });
      });
    } catch (error) {
      warn((error as Error).message);
    }
  };
}

/** System user who runs this command. */
export function systemUser(env: Cli['env']): { uid: number | undefined; name?: string; sudoUser: string | undefined } {
  // The user before sudo, usually of root, as sudo reports it.
  const { SUDO_USER: sudoUser } = env;
  const uid = process.getuid?.();
  try {
    return { uid, name: userInfo().username, sudoUser };
  } catch {
    // A container may have no name for its user.
    return { uid, sudoUser };
  }
}

/** Throws LockHeld, or the file system's error. */
function append({ directory, origin, key, segmentRecords }: NonNullable<Config['audit']>, record: string): void {
  const log = LogWriter.open({
    directory,
    slot: 'cli',
    origin,
    privateKey: parseAuditKey(key.reveal()),
    sync: 'always',
    segmentRecords,
    clock: Date.now,
    about: { version },
  });
  try {
    const { failure } = log.append([record], true);
    if (failure) throw failure;
  } finally {
    log.close();
  }
}

import { closeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NotAFile, openPrivateFile } from '../openPrivateFile.ts';
import { SCHEMA_STEPS } from './schema.ts';

/** Error if the state file cannot be used. The message says why, and what to do. */
export class StateFileFailure extends Error {
  override readonly name = 'StateFileFailure';
}

/**
 * Opens or creates the state file. Only its owner can access it, because it holds the secrets of the key stores. Upgrades a file of an
 * earlier version in one transaction. `:memory:` keeps the state only in this process. Only one process at a time may have the file open.
 * Throws StateFileFailure.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    return open(file);
  } catch (error) {
    if (error instanceof StateFileFailure) throw error;
    if (error instanceof NotAFile) {
      throw new StateFileFailure(`The state file ${file} is not a file. Name another one with --state.`);
    }
    const { code = 'unknown error', message } = error as NodeJS.ErrnoException;
    const isBusy = /locked|busy/.test(message);
    const said = message.startsWith(code) ? message : `${code}: ${message}`;
    const reason = isBusy ? 'another process has it open' : said;
    const advice = isBusy ? 'End that process, or name another file with --state.' : 'Name another one with --state.';
    throw new StateFileFailure(`The state file ${file} cannot be opened (${reason}). ${advice}`);
  }
}

function open(file: string): DatabaseSync {
  // Created here, because SQLite would create it with default permissions.
  if (file !== ':memory:') closeSync(openPrivateFile(file));
  // Without foreign keys, because a step may replace a table that other tables refer to.
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  // An answered change must survive even a power failure. No other process may read or write the file.
  database.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE;',
  );
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  for (const step of SCHEMA_STEPS.slice(version)) database.exec(step);
  if (version < SCHEMA_STEPS.length) database.exec(`PRAGMA user_version = ${SCHEMA_STEPS.length}`);
  database.exec('COMMIT; PRAGMA foreign_keys = ON;');
  if (version > SCHEMA_STEPS.length) {
    database.close();
    throw new StateFileFailure(
      `The state file ${file} was written by a newer version of xks-proxy. Name another one with --state.`,
    );
  }
  return database;
}

import { closeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NotAFile, openPrivateFile } from '../openPrivateFile.ts';
import { SCHEMA_STEPS } from './schema.ts';

/** A state file that cannot be used; the message says why, and what to do. */
export class StateFileFailure extends Error {
  override readonly name = 'StateFileFailure';
}

/**
 * Opens the state file, or makes it, for its owner alone: it holds the secrets of the key stores. Upgrades one of an earlier
 * version, in one transaction. `:memory:` is one that is gone with the process. Only one process at a time may have it open.
 * Throws StateFileFailure.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    return open(file);
  } catch (error) {
    if (error instanceof StateFileFailure) throw error;
    if (error instanceof NotAFile) {
      throw new StateFileFailure(`The state file ${file} is not a file. Name another with --state.`);
    }
    const { code = 'unknown error', message } = error as NodeJS.ErrnoException;
    const isBusy = /locked|busy/.test(message);
    const said = message.startsWith(code) ? message : `${code}: ${message}`;
    const reason = isBusy ? 'another process has it open' : said;
    throw new StateFileFailure(`The state file ${file} cannot be opened (${reason}).`);
  }
}

function open(file: string): DatabaseSync {
  // Before SQLite makes it, with the permissions of any file.
  if (file !== ':memory:') closeSync(openPrivateFile(file));
  // A step may replace a table that others refer to.
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  // What an operation has answered is not lost, not even when the power fails; nobody else reads or writes the file.
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
      `The state file ${file} was written by a newer version of xks-proxy. Name another with --state.`,
    );
  }
  return database;
}

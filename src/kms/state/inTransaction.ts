import type { DatabaseSync } from 'node:sqlite';

/** Makes a change completely, or not at all if it throws or the process ends meanwhile. The change must not begin another transaction. */
export function inTransaction<T>(database: DatabaseSync, change: () => T): T {
  database.exec('BEGIN');
  try {
    const result = change();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

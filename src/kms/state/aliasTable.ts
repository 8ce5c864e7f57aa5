import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Alias } from './records.ts';

type Row = Record<string, SQLOutputValue>;

export class AliasTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Returns all aliases in the order of their names. */
  list(): Alias[] {
    return this.#database.prepare('SELECT * FROM aliases ORDER BY aliasName').all().map(read);
  }

  /** Returns the names of a key's aliases, in order. */
  namesOf(targetKeyId: string): string[] {
    const rows = this.#database.prepare('SELECT aliasName FROM aliases WHERE targetKeyId = ? ORDER BY aliasName');
    return rows.all(targetKeyId).map(({ aliasName }) => String(aliasName));
  }

  find(aliasName: string): Alias | undefined {
    const row = this.#database.prepare('SELECT * FROM aliases WHERE aliasName = ?').get(aliasName);
    return row && read(row);
  }

  /** Inserts an alias, or replaces the one with the same name. */
  put({ aliasName, targetKeyId, creationDate, lastUpdatedDate }: Alias): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?)')
      .run(aliasName, targetKeyId, creationDate, lastUpdatedDate);
  }

  delete(aliasName: string): void {
    this.#database.prepare('DELETE FROM aliases WHERE aliasName = ?').run(aliasName);
  }
}

function read(row: Row): Alias {
  return {
    aliasName: String(row['aliasName']),
    targetKeyId: String(row['targetKeyId']),
    creationDate: Number(row['creationDate']),
    lastUpdatedDate: Number(row['lastUpdatedDate']),
  };
}

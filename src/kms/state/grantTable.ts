import type { DatabaseSync } from 'node:sqlite';
import { GRANT_COLUMNS, type Grant } from './grantRecord.ts';
import { RecordTable } from './recordTable.ts';

/** Values that listed grants must have. */
export type GrantFilter = {
  readonly [column in 'keyId' | 'grantId' | 'granteePrincipal' | 'retiringPrincipal']?: string | undefined;
};

export class GrantTable extends RecordTable<Grant> {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super(database, 'grants', GRANT_COLUMNS);
    this.#database = database;
  }

  /** Returns the number of a key's grants. */
  count(keyId: string): number {
    return Number(this.#database.prepare('SELECT count(*) AS count FROM grants WHERE keyId = ?').get(keyId)?.['count']);
  }

  /** Returns at most `count` grants whose ids follow `after`, in the order of their ids. */
  page(filter: GrantFilter, after: string, count: number): Grant[] {
    const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const conditions = given.map(([column]) => `${column} = ? AND`).join(' ');
    const values = given.map(([, value]) => value);
    return [...this.select(`WHERE ${conditions} grantId > ? ORDER BY grantId LIMIT ?`, ...values, after, count)];
  }

  /** Returns a key's grants with this name. */
  named(keyId: string, name: string): Iterable<Grant> {
    return this.select('WHERE keyId = ? AND name = ?', keyId, name);
  }

  /** Returns a key's grants that allow one of these grantees the operation. */
  allowing(keyId: string, granteeNames: readonly string[], operation: string): Iterable<Grant> {
    const names = granteeNames.map(() => '?').join(', ');
    const end = `WHERE keyId = ? AND granteeName IN (${names}) AND operations LIKE ?`;
    return this.select(end, keyId, ...granteeNames, `%"${operation}"%`);
  }
}

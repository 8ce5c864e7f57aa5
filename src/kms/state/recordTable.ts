import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';

type Kind = 'text' | 'integer' | 'boolean' | 'json';

/** The columns of a table, which are the fields of its records. An undefined field is stored as NULL. */
export type Columns<Fields> = { readonly [field in keyof Fields & string]-?: Kind };

/** A table with one record per row. The first column is the primary key. */
export class RecordTable<Fields extends object> {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #columns: readonly [name: string, kind: Kind][];
  readonly #id: string;

  constructor(database: DatabaseSync, table: string, columns: Columns<Fields>) {
    this.#database = database;
    this.#table = table;
    this.#columns = Object.entries<Kind>(columns);
    this.#id = this.#columns[0]?.[0] ?? '';
  }

  /** Returns all records, or those with these values, in the order of their ids. */
  list(where: { readonly [field in keyof Fields & string]?: string } = {}): Fields[] {
    const conditions = ['TRUE', ...Object.keys(where).map((name) => `${name} = ?`)].join(' AND ');
    return this.#database
      .prepare(`SELECT * FROM ${this.#table} WHERE ${conditions} ORDER BY ${this.#id}`)
      .all(...(Object.values(where) as string[]))
      .map((row) => this.#read(row));
  }

  find(id: string): Fields | undefined {
    const row = this.#database.prepare(`SELECT * FROM ${this.#table} WHERE ${this.#id} = ?`).get(id);
    return row && this.#read(row);
  }

  /** Returns the records that `end`, the end of a query, selects. They are read one at a time. */
  *select(end: string, ...values: readonly SQLInputValue[]): Generator<Fields> {
    const rows = this.#database.prepare(`SELECT * FROM ${this.#table} ${end}`).iterate(...values);
    for (const row of rows) yield this.#read(row);
  }

  /** Inserts a record, or replaces the one with the same id. */
  put(record: Fields): void {
    const names = this.#columns.map(([name]) => name);
    const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
    this.#database
      .prepare(
        `INSERT INTO ${this.#table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
         ON CONFLICT (${this.#id}) DO UPDATE SET ${changes.join(', ')}`,
      )
      .run(...this.#columns.map(([name, kind]) => write(kind, (record as Record<string, unknown>)[name])));
  }

  delete(id: string): void {
    this.#database.prepare(`DELETE FROM ${this.#table} WHERE ${this.#id} = ?`).run(id);
  }

  #read(row: Record<string, SQLOutputValue>): Fields {
    return Object.fromEntries(this.#columns.map(([name, kind]) => [name, read(kind, row[name] ?? null)])) as Fields;
  }
}

function read(kind: Kind, value: SQLOutputValue): unknown {
  if (value === null) return undefined;
  switch (kind) {
    case 'text':
      return String(value);
    case 'integer':
      return Number(value);
    case 'boolean':
      return value !== 0;
    case 'json':
      return JSON.parse(String(value)) as unknown;
  }
}

function write(kind: Kind, value: unknown): SQLInputValue {
  if (value === undefined) return null;
  if (kind === 'json') return JSON.stringify(value);
  return kind === 'boolean' ? Number(value) : (value as SQLInputValue);
}

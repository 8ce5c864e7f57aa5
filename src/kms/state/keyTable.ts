import { createSecretKey } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { KmsKey, StoredKeyState, Tag } from './records.ts';

type Row = Record<string, SQLOutputValue>;

export class KeyTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Ids of all keys, in order. Whole records could fill the memory: a policy has up to 32 KiB. */
  ids(): string[] {
    const rows = this.#database.prepare('SELECT keyId FROM keys ORDER BY keyId').all();
    return rows.map(({ keyId }) => String(keyId));
  }

  find(keyId: string): KmsKey | undefined {
    const row = this.#database.prepare('SELECT * FROM keys WHERE keyId = ?').get(keyId);
    return row && read(row);
  }

  findByXksKeyId(customKeyStoreId: string, xksKeyId: string): KmsKey | undefined {
    const row = this.#database
      .prepare('SELECT * FROM keys WHERE customKeyStoreId = ? AND xksKeyId = ?')
      .get(customKeyStoreId, xksKeyId);
    return row && read(row);
  }

  /** Whether the key store has any, those pending deletion included. */
  areIn(customKeyStoreId: string): boolean {
    return this.#database.prepare('SELECT 1 FROM keys WHERE customKeyStoreId = ?').get(customKeyStoreId) !== undefined;
  }

  insert(key: KmsKey): void {
    this.#database
      .prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        key.keyId,
        key.customKeyStoreId,
        key.xksKeyId,
        key.creationDate,
        key.description,
        key.state,
        key.deletionDate ?? null,
        JSON.stringify(key.tags),
        key.policy,
        key.keyMaterial.export(),
      );
  }

  /** Changes the parts of a key that can change. */
  update(keyId: string, change: Partial<Pick<KmsKey, 'description' | 'tags' | 'policy'>>): void {
    const { description = null, tags, policy = null } = change;
    this.#database
      .prepare(
        `UPDATE keys SET description = coalesce(?, description), tags = coalesce(?, tags), policy = coalesce(?, policy)
         WHERE keyId = ?`,
      )
      .run(description, tags ? JSON.stringify(tags) : null, policy, keyId);
  }

  setState(keyId: string, state: StoredKeyState, deletionDate?: number): void {
    this.#database
      .prepare('UPDATE keys SET state = ?, deletionDate = ? WHERE keyId = ?')
      .run(state, deletionDate ?? null, keyId);
  }

  /** Deletes keys with their aliases, and returns them. */
  deleteDue(now: number): KmsKey[] {
    return this.#database.prepare('DELETE FROM keys WHERE deletionDate <= ? RETURNING *').all(now).map(read);
  }
}

function read(row: Row): KmsKey {
  return {
    keyId: String(row['keyId']),
    customKeyStoreId: String(row['customKeyStoreId']),
    xksKeyId: String(row['xksKeyId']),
    creationDate: Number(row['creationDate']),
    description: String(row['description']),
    state: String(row['state']) as StoredKeyState,
    deletionDate: row['deletionDate'] === null ? undefined : Number(row['deletionDate']),
    tags: JSON.parse(String(row['tags'])) as Tag[],
    policy: String(row['policy']),
    keyMaterial: createSecretKey(row['keyMaterial'] as Uint8Array),
  };
}

import { createSecretKey } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { CloudHsmKey, ExternalKey, KmsKey, StoredKeyState, Tag } from './records.ts';

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

  findByXksKeyId(customKeyStoreId: string, xksKeyId: string): ExternalKey | undefined {
    const row = this.#database
      .prepare('SELECT * FROM keys WHERE customKeyStoreId = ? AND xksKeyId = ?')
      .get(customKeyStoreId, xksKeyId);
    const key = row && read(row);
    return key?.origin === 'EXTERNAL_KEY_STORE' ? key : undefined;
  }

  /** Whether the key store has any, those pending deletion included. */
  areIn(customKeyStoreId: string): boolean {
    return this.#database.prepare('SELECT 1 FROM keys WHERE customKeyStoreId = ?').get(customKeyStoreId) !== undefined;
  }

  /** The keys of an AWS CloudHSM key store, those pending deletion included. */
  inCluster(customKeyStoreId: string): CloudHsmKey[] {
    return this.#database
      .prepare('SELECT * FROM keys WHERE customKeyStoreId = ?')
      .all(customKeyStoreId)
      .map(read)
      .filter((key) => key.origin === 'AWS_CLOUDHSM');
  }

  insert(key: KmsKey): void {
    const isExternal = key.origin === 'EXTERNAL_KEY_STORE';
    this.#database
      .prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        key.keyId,
        key.origin,
        key.customKeyStoreId,
        isExternal ? key.xksKeyId : null,
        isExternal ? null : key.backingKeyId,
        Number(!isExternal && key.isMaterialMissing),
        key.creationDate,
        key.description,
        key.state,
        key.deletionDate ?? null,
        JSON.stringify(key.tags),
        key.policy,
        isExternal ? key.keyMaterial.export() : null,
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

  setMaterialMissing(keyId: string, isMaterialMissing: boolean): void {
    this.#database
      .prepare('UPDATE keys SET isMaterialMissing = ? WHERE keyId = ?')
      .run(Number(isMaterialMissing), keyId);
  }

  /** Deletes keys with their aliases, and returns them. Those in clusters become deletions of key material in the same moment. */
  deleteDue(now: number): KmsKey[] {
    const isDue = this.#database.prepare('SELECT 1 FROM keys WHERE deletionDate <= ?').get(now);
    if (!isDue) return [];
    this.#database.exec('BEGIN');
    try {
      this.#database
        .prepare(
          `INSERT INTO key_material_deletions
           SELECT keyId, customKeyStoreId, cloudHsmClusterId, backingKeyId FROM keys JOIN custom_key_stores USING (customKeyStoreId)
           WHERE deletionDate <= ? AND origin = 'AWS_CLOUDHSM'`,
        )
        .run(now);
      const rows = this.#database.prepare('DELETE FROM keys WHERE deletionDate <= ? RETURNING *').all(now);
      this.#database.exec('COMMIT');
      return rows.map(read);
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function read(row: Row): KmsKey {
  const key = {
    keyId: String(row['keyId']),
    customKeyStoreId: String(row['customKeyStoreId']),
    creationDate: Number(row['creationDate']),
    description: String(row['description']),
    state: String(row['state']) as StoredKeyState,
    deletionDate: row['deletionDate'] === null ? undefined : Number(row['deletionDate']),
    tags: JSON.parse(String(row['tags'])) as Tag[],
    policy: String(row['policy']),
  };
  if (row['origin'] === 'AWS_CLOUDHSM') {
    const isMaterialMissing = row['isMaterialMissing'] !== 0;
    return { ...key, origin: 'AWS_CLOUDHSM', backingKeyId: String(row['backingKeyId']), isMaterialMissing };
  }
  const keyMaterial = createSecretKey(row['keyMaterial'] as Uint8Array);
  return { ...key, origin: 'EXTERNAL_KEY_STORE', xksKeyId: String(row['xksKeyId']), keyMaterial };
}

import { createSecretKey } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { inTransaction } from './inTransaction.ts';
import type { AwsKmsKey, CloudHsmKey, ExternalKey, KmsKey, StoredKeyState, Tag } from './records.ts';

type Row = Record<string, SQLOutputValue>;

const COLUMNS = [
  'keyId',
  'origin',
  'customKeyStoreId',
  'xksKeyId',
  'backingKeyId',
  'isMaterialMissing',
  'creationDate',
  'description',
  'state',
  'deletionDate',
  'tags',
  'policy',
  'keyMaterial',
  'rotationPeriodInDays',
  'nextRotationDate',
] as const;

export class KeyTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Returns the ids of all keys, in order. Whole records could fill the memory, because a policy has up to 32 KiB. */
  ids(): string[] {
    const rows = this.#database.prepare('SELECT keyId FROM keys ORDER BY keyId').all();
    return rows.map(({ keyId }) => String(keyId));
  }

  newest(limit: number): KmsKey[] {
    const rows = this.#database.prepare('SELECT * FROM keys ORDER BY creationDate DESC, keyId LIMIT ?').all(limit);
    return rows.map(read);
  }

  countAll(): number {
    return Number(this.#database.prepare('SELECT count(*) AS n FROM keys').get()?.['n']);
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

  /** Returns how many keys the key store has, including those pending deletion. */
  count(customKeyStoreId: string): number {
    const row = this.#database
      .prepare('SELECT count(*) AS n FROM keys WHERE customKeyStoreId = ?')
      .get(customKeyStoreId);
    return Number(row?.['n']);
  }

  /** Whether the key store has any keys, including those pending deletion. */
  areIn(customKeyStoreId: string): boolean {
    return this.#database.prepare('SELECT 1 FROM keys WHERE customKeyStoreId = ?').get(customKeyStoreId) !== undefined;
  }

  /** Returns the keys of an AWS CloudHSM key store, including those pending deletion. */
  inCluster(customKeyStoreId: string): CloudHsmKey[] {
    return this.#database
      .prepare('SELECT * FROM keys WHERE customKeyStoreId = ?')
      .all(customKeyStoreId)
      .map(read)
      .filter((key) => key.origin === 'AWS_CLOUDHSM');
  }

  insert(key: KmsKey): void {
    const row = write(key);
    this.#database
      .prepare(`INSERT INTO keys (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`)
      .run(...COLUMNS.map((column) => row[column] ?? null));
  }

  /** Changes description, tags or policy of a key. */
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

  /** Sets the automatic rotation of a key whose Origin is AWS_KMS. Undefined disables it. */
  setRotation(keyId: string, rotation: { readonly periodInDays: number; readonly nextDate: number } | undefined): void {
    this.#database
      .prepare('UPDATE keys SET rotationPeriodInDays = ?, nextRotationDate = ? WHERE keyId = ?')
      .run(rotation?.periodInDays ?? null, rotation?.nextDate ?? null, keyId);
  }

  /** Returns the Enabled keys whose rotation is due. */
  dueForRotation(now: number): AwsKmsKey[] {
    return this.#database
      .prepare("SELECT * FROM keys WHERE nextRotationDate <= ? AND state = 'Enabled'")
      .all(now)
      .map(read)
      .filter((key) => key.origin === 'AWS_KMS');
  }

  /**
   * Deletes due keys with their aliases, and returns the keys. In the same transaction, stores a deletion of key material for each key in a
   * cluster.
   */
  deleteDue(now: number): KmsKey[] {
    const isDue = this.#database.prepare('SELECT 1 FROM keys WHERE deletionDate <= ?').get(now);
    if (!isDue) return [];
    return inTransaction(this.#database, () => {
      this.#database
        .prepare(
          `INSERT INTO key_material_deletions
           SELECT keyId, customKeyStoreId, cloudHsmClusterId, backingKeyId FROM keys JOIN custom_key_stores USING (customKeyStoreId)
           WHERE deletionDate <= ? AND origin = 'AWS_CLOUDHSM'`,
        )
        .run(now);
      const rows = this.#database.prepare('DELETE FROM keys WHERE deletionDate <= ? RETURNING *').all(now);
      return rows.map(read);
    });
  }
}

function write(key: KmsKey): { readonly [column in (typeof COLUMNS)[number]]?: SQLInputValue | undefined } {
  return {
    ...key,
    tags: JSON.stringify(key.tags),
    isMaterialMissing: Number(key.origin === 'AWS_CLOUDHSM' && key.isMaterialMissing),
    keyMaterial: key.origin === 'EXTERNAL_KEY_STORE' ? key.keyMaterial.export() : undefined,
  };
}

function read(row: Row): KmsKey {
  const number = (column: (typeof COLUMNS)[number]): number | undefined =>
    row[column] === null ? undefined : Number(row[column]);
  const origin = row['origin'] as KmsKey['origin'];
  const customKeyStoreId = String(row['customKeyStoreId']);
  const key = {
    keyId: String(row['keyId']),
    creationDate: Number(row['creationDate']),
    description: String(row['description']),
    state: String(row['state']) as StoredKeyState,
    deletionDate: number('deletionDate'),
    tags: JSON.parse(String(row['tags'])) as Tag[],
    policy: String(row['policy']),
  };
  switch (origin) {
    case 'AWS_CLOUDHSM': {
      const isMaterialMissing = row['isMaterialMissing'] !== 0;
      return { ...key, origin, customKeyStoreId, backingKeyId: String(row['backingKeyId']), isMaterialMissing };
    }
    case 'EXTERNAL_KEY_STORE': {
      const keyMaterial = createSecretKey(row['keyMaterial'] as Uint8Array);
      return { ...key, origin, customKeyStoreId, xksKeyId: String(row['xksKeyId']), keyMaterial };
    }
    case 'AWS_KMS': {
      const [rotationPeriodInDays, nextRotationDate] = [number('rotationPeriodInDays'), number('nextRotationDate')];
      return { ...key, origin, rotationPeriodInDays, nextRotationDate };
    }
  }
}

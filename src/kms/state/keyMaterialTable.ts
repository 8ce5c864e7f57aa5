import { createSecretKey } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { KeyMaterial, RotationType } from './records.ts';

/** Key material of keys whose Origin is AWS_KMS. It is deleted with its key. */
export class KeyMaterialTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Returns all key material of a key, oldest first. */
  list(keyId: string): KeyMaterial[] {
    return this.#database.prepare('SELECT * FROM key_materials WHERE keyId = ? ORDER BY version').all(keyId).map(read);
  }

  insert({ keyMaterialId, keyId, version, rotationDate, rotationType, secret }: KeyMaterial): void {
    this.#database
      .prepare(
        'INSERT INTO key_materials (keyMaterialId, keyId, version, rotationDate, rotationType, secret) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(keyMaterialId, keyId, version, rotationDate ?? null, rotationType ?? null, secret.export());
  }
}

function read(row: Record<string, SQLOutputValue>): KeyMaterial {
  return {
    keyMaterialId: String(row['keyMaterialId']),
    keyId: String(row['keyId']),
    version: Number(row['version']),
    rotationDate: row['rotationDate'] === null ? undefined : Number(row['rotationDate']),
    rotationType: (row['rotationType'] ?? undefined) as RotationType | undefined,
    secret: createSecretKey(row['secret'] as Uint8Array),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import { AliasTable } from './aliasTable.ts';
import { BACKUP_COLUMNS, CLUSTER_COLUMNS, HSM_COLUMNS, type Backup, type Cluster, type Hsm } from './clusterRecords.ts';
import { CustomKeyStoreTable } from './customKeyStoreTable.ts';
import { GrantTable } from './grantTable.ts';
import { inTransaction } from './inTransaction.ts';
import { KeyMaterialTable } from './keyMaterialTable.ts';
import { KeyTable } from './keyTable.ts';
import type { KeyMaterialDeletion } from './records.ts';
import { RecordTable, type Columns } from './recordTable.ts';

const DELETION_COLUMNS: Columns<KeyMaterialDeletion> = {
  keyId: 'text',
  customKeyStoreId: 'text',
  cloudHsmClusterId: 'text',
  backingKeyId: 'text',
};

/**
 * The stored state of the local KMS. When a call returns, its change is on disk. A change throws if it would break a rule of the tables,
 * such as two key stores with one name. Callers check these rules first, to throw the right exception.
 */
export class KmsState {
  readonly customKeyStores: CustomKeyStoreTable;
  readonly keys: KeyTable;
  readonly keyMaterials: KeyMaterialTable;
  readonly keyMaterialDeletions: RecordTable<KeyMaterialDeletion>;
  readonly aliases: AliasTable;
  readonly grants: GrantTable;
  readonly clusters: RecordTable<Cluster>;
  readonly hsms: RecordTable<Hsm>;
  readonly backups: RecordTable<Backup>;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.customKeyStores = new CustomKeyStoreTable(database);
    this.keys = new KeyTable(database);
    this.keyMaterials = new KeyMaterialTable(database);
    this.keyMaterialDeletions = new RecordTable(database, 'key_material_deletions', DELETION_COLUMNS);
    this.aliases = new AliasTable(database);
    this.grants = new GrantTable(database);
    this.clusters = new RecordTable<Cluster>(database, 'clusters', CLUSTER_COLUMNS);
    this.hsms = new RecordTable<Hsm>(database, 'hsms', HSM_COLUMNS);
    this.backups = new RecordTable<Backup>(database, 'backups', BACKUP_COLUMNS);
  }

  /** Makes a change completely or not at all. */
  together(change: () => void): void {
    inTransaction(this.#database, change);
  }

  close(): void {
    this.#database.close();
  }
}

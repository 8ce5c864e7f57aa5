import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { Secret } from '../../secret.ts';
import type { ConnectionErrorCode, ConnectionState, Connectivity, CustomKeyStore } from './records.ts';

type Row = Record<string, SQLOutputValue>;

const COLUMNS = [
  'customKeyStoreId',
  'customKeyStoreName',
  'creationDate',
  'connectionState',
  'connectionErrorCode',
  'connectivity',
  'uriEndpoint',
  'uriPath',
  'vpcEndpointServiceName',
  'vpcEndpointServiceOwner',
  'accessKeyId',
  'rawSecretAccessKey',
  'credentialDate',
] as const;

export class CustomKeyStoreTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** In the order of their ids. */
  list(): CustomKeyStore[] {
    return this.#database.prepare('SELECT * FROM custom_key_stores ORDER BY customKeyStoreId').all().map(read);
  }

  find(customKeyStoreId: string): CustomKeyStore | undefined {
    const row = this.#database
      .prepare('SELECT * FROM custom_key_stores WHERE customKeyStoreId = ?')
      .get(customKeyStoreId);
    return row && read(row);
  }

  /** Inserts it, or replaces the one with its id. */
  put(store: CustomKeyStore): void {
    const { proxy, ...rest } = store;
    const row = { ...rest, ...proxy, rawSecretAccessKey: proxy.rawSecretAccessKey.reveal() };
    const changed = COLUMNS.slice(1).map((column) => `${column} = excluded.${column}`);
    this.#database
      .prepare(
        `INSERT INTO custom_key_stores (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
         ON CONFLICT (customKeyStoreId) DO UPDATE SET ${changed.join(', ')}`,
      )
      .run(...COLUMNS.map((column) => row[column] ?? null));
  }

  setConnection(customKeyStoreId: string, state: ConnectionState, errorCode?: ConnectionErrorCode): void {
    this.#database
      .prepare('UPDATE custom_key_stores SET connectionState = ?, connectionErrorCode = ? WHERE customKeyStoreId = ?')
      .run(state, errorCode ?? null, customKeyStoreId);
  }

  delete(customKeyStoreId: string): void {
    this.#database.prepare('DELETE FROM custom_key_stores WHERE customKeyStoreId = ?').run(customKeyStoreId);
  }
}

function read(row: Row): CustomKeyStore {
  return {
    customKeyStoreId: String(row['customKeyStoreId']),
    customKeyStoreName: String(row['customKeyStoreName']),
    creationDate: Number(row['creationDate']),
    connectionState: String(row['connectionState']) as ConnectionState,
    connectionErrorCode: (row['connectionErrorCode'] ?? undefined) as ConnectionErrorCode | undefined,
    proxy: {
      connectivity: String(row['connectivity']) as Connectivity,
      uriEndpoint: String(row['uriEndpoint']),
      uriPath: String(row['uriPath']),
      vpcEndpointServiceName: (row['vpcEndpointServiceName'] ?? undefined) as string | undefined,
      vpcEndpointServiceOwner: (row['vpcEndpointServiceOwner'] ?? undefined) as string | undefined,
      accessKeyId: String(row['accessKeyId']),
      rawSecretAccessKey: new Secret(String(row['rawSecretAccessKey'])),
    },
    credentialDate: Number(row['credentialDate']),
  };
}

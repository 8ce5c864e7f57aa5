import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { Secret } from '../../secret.ts';
import type {
  CloudHsmKeyStore,
  ConnectionErrorCode,
  ConnectionState,
  Connectivity,
  CustomKeyStore,
  ExternalKeyStore,
} from './records.ts';

type Row = Record<string, SQLOutputValue>;

const COLUMNS = [
  'customKeyStoreId',
  'customKeyStoreType',
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
  'cloudHsmClusterId',
  'trustAnchorCertificate',
  'keyStorePassword',
  'nextKeyStorePassword',
] as const;

export class CustomKeyStoreTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Returns all key stores in the order of their ids. */
  list(): CustomKeyStore[] {
    return this.#database.prepare('SELECT * FROM custom_key_stores ORDER BY customKeyStoreId').all().map(read);
  }

  external(): ExternalKeyStore[] {
    return this.list().filter((store) => store.customKeyStoreType === 'EXTERNAL_KEY_STORE');
  }

  cloudHsm(): CloudHsmKeyStore[] {
    return this.list().filter((store) => store.customKeyStoreType === 'AWS_CLOUDHSM');
  }

  find(customKeyStoreId: string): CustomKeyStore | undefined {
    const row = this.#database
      .prepare('SELECT * FROM custom_key_stores WHERE customKeyStoreId = ?')
      .get(customKeyStoreId);
    return row && read(row);
  }

  /** Inserts a key store, or replaces the one with the same id. */
  put(store: CustomKeyStore): void {
    const row = write(store);
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

  /** Sets the password of `kmsuser`, and the next one while it is being changed. */
  setPasswords(customKeyStoreId: string, password: Secret, next: Secret | undefined): void {
    this.#database
      .prepare('UPDATE custom_key_stores SET keyStorePassword = ?, nextKeyStorePassword = ? WHERE customKeyStoreId = ?')
      .run(password.reveal(), next?.reveal() ?? null, customKeyStoreId);
  }

  delete(customKeyStoreId: string): void {
    this.#database.prepare('DELETE FROM custom_key_stores WHERE customKeyStoreId = ?').run(customKeyStoreId);
  }
}

function write(store: CustomKeyStore): { readonly [column in (typeof COLUMNS)[number]]?: SQLInputValue | undefined } {
  if (store.customKeyStoreType === 'AWS_CLOUDHSM') {
    const { keyStorePassword, nextKeyStorePassword: next } = store;
    return { ...store, keyStorePassword: keyStorePassword.reveal(), nextKeyStorePassword: next?.reveal() };
  }
  const { proxy, ...rest } = store;
  return { ...rest, ...proxy, rawSecretAccessKey: proxy.rawSecretAccessKey.reveal() };
}

function read(row: Row): CustomKeyStore {
  const text = (column: (typeof COLUMNS)[number]): string | undefined =>
    (row[column] ?? undefined) as string | undefined;
  const store = {
    customKeyStoreId: String(row['customKeyStoreId']),
    customKeyStoreName: String(row['customKeyStoreName']),
    creationDate: Number(row['creationDate']),
    connectionState: String(row['connectionState']) as ConnectionState,
    connectionErrorCode: text('connectionErrorCode') as ConnectionErrorCode | undefined,
  };
  if (row['customKeyStoreType'] === 'AWS_CLOUDHSM') {
    const next = text('nextKeyStorePassword');
    return {
      ...store,
      customKeyStoreType: 'AWS_CLOUDHSM',
      cloudHsmClusterId: String(row['cloudHsmClusterId']),
      trustAnchorCertificate: String(row['trustAnchorCertificate']),
      keyStorePassword: new Secret(String(row['keyStorePassword'])),
      nextKeyStorePassword: next === undefined ? undefined : new Secret(next),
    };
  }
  return {
    ...store,
    customKeyStoreType: 'EXTERNAL_KEY_STORE',
    proxy: {
      connectivity: String(row['connectivity']) as Connectivity,
      uriEndpoint: String(row['uriEndpoint']),
      uriPath: String(row['uriPath']),
      vpcEndpointServiceName: text('vpcEndpointServiceName'),
      vpcEndpointServiceOwner: text('vpcEndpointServiceOwner'),
      accessKeyId: String(row['accessKeyId']),
      rawSecretAccessKey: new Secret(String(row['rawSecretAccessKey'])),
    },
    credentialDate: Number(row['credentialDate']),
  };
}

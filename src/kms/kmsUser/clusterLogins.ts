import { randomBytes } from 'node:crypto';
import type { ClusterConnection } from '../../cloudHsm/clusterConnection.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { Secret } from '../../secret.ts';
import type { KmsState } from '../state/kmsState.ts';
import type { CloudHsmKeyStore, ConnectionState } from '../state/records.ts';
import type { ClusterKeys, KmsUser } from './kmsUser.ts';

/** Connects to a running cluster. Rejects with ClusterFailure. */
export type OpenCluster = (clusterId: string) => Promise<ClusterConnection>;

const PASSWORD_BYTES = 16;

/** The logins of KMS as `kmsuser`: at most one for each key store, each on its own connection. */
export class ClusterLogins implements KmsUser {
  readonly #state: KmsState;
  readonly #open: OpenCluster;
  readonly #logins = new Map<string, Promise<ClusterConnection>>();

  constructor(state: KmsState, open: OpenCluster) {
    this.#state = state;
    this.#open = open;
  }

  async connect(store: CloudHsmKeyStore): Promise<void> {
    await this.disconnect(store.customKeyStoreId);
    await this.#logIn(store, { rotate: true });
  }

  async disconnect(customKeyStoreId: string): Promise<void> {
    const login = this.#logins.get(customKeyStoreId);
    this.#logins.delete(customKeyStoreId);
    const connection = await login?.catch(() => undefined);
    connection?.close();
    await connection?.ended;
  }

  async disconnectAll(): Promise<void> {
    await Promise.all(Array.from(this.#logins.keys(), (id) => this.disconnect(id)));
  }

  loggedIn(store: CloudHsmKeyStore): Promise<ClusterKeys> {
    return this.#logins.get(store.customKeyStoreId) ?? this.#logIn(store, { rotate: false });
  }

  #logIn(
    { customKeyStoreId, cloudHsmClusterId }: CloudHsmKeyStore,
    how: { readonly rotate: boolean },
  ): Promise<ClusterConnection> {
    const login = this.#begin(customKeyStoreId, cloudHsmClusterId, how);
    this.#logins.set(customKeyStoreId, login);
    const forget = (): void => {
      if (this.#logins.get(customKeyStoreId) === login) this.#logins.delete(customKeyStoreId);
    };
    login.then(
      (connection) => connection.ended.then(forget),
      (error: unknown) => {
        // A wrong password is kept as the result, because it stays wrong until KMS gets another one, and wrong attempts lock the user.
        if (how.rotate || !isWrongPassword(error)) forget();
      },
    );
    return login;
  }

  async #begin(id: string, clusterId: string, { rotate }: { readonly rotate: boolean }): Promise<ClusterConnection> {
    const connection = await this.#open(clusterId);
    try {
      const password = await this.#authenticate(this.#find(id, rotate ? 'CONNECTING' : 'CONNECTED'), connection);
      if (rotate) await this.#rotate(id, connection, password);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Reads the key store again, because another call may have disconnected it. Throws ClusterFailure. */
  #find(id: string, state: ConnectionState): CloudHsmKeyStore {
    const store = this.#state.customKeyStores.find(id);
    if (store?.customKeyStoreType === 'AWS_CLOUDHSM' && store.connectionState === state) return store;
    throw new ClusterFailure('not logged in', `${id} is not ${state}.`);
  }

  /** Logs in. Resolves to the password that was right. */
  async #authenticate(store: CloudHsmKeyStore, connection: ClusterConnection): Promise<Secret> {
    const { customKeyStoreId, keyStorePassword, nextKeyStorePassword: next } = store;
    try {
      await connection.login(kmsuser(keyStorePassword));
      return keyStorePassword;
    } catch (error) {
      // KMS ended, or lost the cluster, while it was setting the next password.
      if (!next || !isWrongPassword(error)) throw error;
      await connection.login(kmsuser(next)).catch((second: unknown) => {
        // Forget the next password, so that each connection makes one wrong attempt, not two. Five lock the user.
        if (isWrongPassword(second))
          this.#state.customKeyStores.setPasswords(customKeyStoreId, keyStorePassword, undefined);
        throw second;
      });
      this.#state.customKeyStores.setPasswords(customKeyStoreId, next, undefined);
      return next;
    }
  }

  async #rotate(id: string, connection: ClusterConnection, password: Secret): Promise<void> {
    const next = new Secret(randomBytes(PASSWORD_BYTES).toString('hex'));
    this.#state.customKeyStores.setPasswords(id, password, next);
    await connection.changePassword(kmsuser(next));
    this.#state.customKeyStores.setPasswords(id, next, undefined);
  }
}

function kmsuser(password: Secret) {
  return { username: 'kmsuser', role: 'crypto-user', password } as const;
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof ClusterFailure && error.reason === 'wrong password';
}

import { join } from 'node:path';
import type { ManagingCryptoki } from '../../hsm/pkcs11/cryptoki/cryptoki.ts';
import { loadModule } from '../../hsm/pkcs11/module/loadModule.ts';
import { Secret } from '../../secret.ts';
import type { ClusterCalls } from '../clusterCalls.ts';
import { CLUSTER_FILES, copyCluster } from '../copyCluster.ts';
import { Accounts, type AccountsOptions, type Client, type Credentials } from './accounts.ts';
import { ClusterToken } from './clusterToken.ts';
import { findSoftHsm } from '../../hsm/pkcs11/module/findSoftHsm.ts';
import { KeyMaterial } from './keyMaterial.ts';
import { TokenUndo } from './tokenUndo.ts';
import { Users } from './users.ts';

export interface ClusterOptions extends Pick<AccountsOptions, 'onEvent' | 'onActivated'> {
  /** Holds the token in `tokens`, and the users in `users.json`. */
  readonly folder: string;
  /** PKCS#11 sessions that operations may use at once. */
  readonly maxSessions: number;
}

/** A CloudHSM cluster over a token of SoftHSM. SoftHSM must be configured for the cluster's folder, so each process has one cluster. */
export class Cluster {
  readonly #folder: string;
  readonly #cryptoki: ManagingCryptoki;
  readonly #token: ClusterToken;
  readonly #accounts: Accounts;
  readonly #keys: KeyMaterial;

  /** Throws ClusterFailure, Pkcs11Failure and CryptokiError. */
  constructor({ folder, maxSessions, ...events }: ClusterOptions) {
    this.#folder = folder;
    const undo = new TokenUndo(join(folder, CLUSTER_FILES.tokens), join(folder, CLUSTER_FILES.undo));
    undo.restore();
    this.#cryptoki = loadModule(findSoftHsm());
    this.#cryptoki.initialize();
    this.#token = new ClusterToken(this.#cryptoki, undo);
    this.#accounts = new Accounts({
      token: this.#token,
      users: new Users(join(folder, CLUSTER_FILES.users)),
      ...events,
    });
    this.#keys = new KeyMaterial({ token: this.#token, cryptoki: this.#cryptoki, maxSessions });
  }

  get isActivated(): boolean {
    return this.#token.isInitialized;
  }

  /** Returns the calls that the cluster answers on one connection. */
  offerTo(client: Client): ClusterCalls {
    const [accounts, keys] = [this.#accounts, this.#keys];
    const asUser = () => accounts.requireCryptoUser(client);
    return {
      activate: ({ password }) => {
        accounts.activate(new Secret(password));
      },
      login: (credentials) => {
        accounts.logIn(client, conceal(credentials));
      },
      logout: () => {
        accounts.logOut(client);
      },
      listUsers: () => accounts.list(),
      createUser: (credentials) => {
        accounts.create(client, conceal(credentials));
      },
      changePassword: (credentials) => {
        accounts.changePassword(client, conceal(credentials));
      },
      generateKey: async ({ label, id }) => {
        asUser();
        return { id: await keys.generate(label, id) };
      },
      generateRandom: async ({ length }) => {
        asUser();
        return { bytes: toBase64(await keys.random(length)) };
      },
      listKeys: () => keys.list(asUser()),
      deleteKey: ({ id }) => {
        asUser();
        keys.delete(id);
      },
      keyExists: ({ id }) => {
        asUser();
        return keys.exists(id);
      },
      encrypt: async ({ id, plaintext, aad }) => {
        asUser();
        const { ciphertext, iv, tag } = await keys.encrypt(id, fromBase64(plaintext), fromBase64(aad));
        return { ciphertext: toBase64(ciphertext), iv: toBase64(iv), tag: toBase64(tag) };
      },
      decrypt: async ({ id, ciphertext, iv, tag, aad }) => {
        asUser();
        const sealed = { ciphertext: fromBase64(ciphertext), iv: fromBase64(iv), tag: fromBase64(tag) };
        return { plaintext: toBase64(await keys.decrypt(id, sealed, fromBase64(aad))) };
      },
    };
  }

  /** Must be called when a connection has ended. */
  leave(client: Client): void {
    this.#accounts.end(client);
  }

  /** Copies the cluster's data. This is synchronous, so no call changes the data meanwhile. */
  copyTo(folder: string): void {
    copyCluster(this.#folder, folder);
  }

  close(): void {
    this.#cryptoki.finalize();
  }
}

function conceal({ password, ...others }: Omit<Credentials, 'password'> & { readonly password: string }): Credentials {
  return { ...others, password: new Secret(password) };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

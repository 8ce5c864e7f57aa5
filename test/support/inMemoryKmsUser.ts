import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ClusterFailure, type ClusterFailureReason } from '../../src/cloudHsm/clusterFailure.ts';
import type { ClusterKeys, KmsUser } from '../../src/kms/kmsUser/kmsUser.ts';
import type { CloudHsmKeyStore } from '../../src/kms/state/records.ts';

/**
 * Logins of KMS to clusters that share one memory, so each key store has all keys. A test sets how the next calls fail.
 */
export class InMemoryKmsUser implements KmsUser {
  readonly keys = new Map<string, Buffer>();
  /** Labels of the created keys. */
  readonly labels: string[] = [];
  /** Ids of the key stores that are logged in. */
  readonly connected = new Set<string>();
  /** The reason with which logins, and calls of existing logins, fail. */
  loginFailure: ClusterFailureReason | undefined;
  callFailure: ClusterFailureReason | undefined;

  makeKey(id = randomBytes(16).toString('hex')): string {
    this.keys.set(id, randomBytes(32));
    return id;
  }

  connect({ customKeyStoreId }: CloudHsmKeyStore): Promise<void> {
    if (this.loginFailure) return Promise.reject(new ClusterFailure(this.loginFailure, 'from the test'));
    this.connected.add(customKeyStoreId);
    return Promise.resolve();
  }

  disconnect(customKeyStoreId: string): Promise<void> {
    this.connected.delete(customKeyStoreId);
    return Promise.resolve();
  }

  loggedIn(): Promise<ClusterKeys> {
    if (this.loginFailure) return Promise.reject(new ClusterFailure(this.loginFailure, 'from the test'));
    return Promise.resolve({
      generateKey: (label, id) =>
        this.#answer(() => {
          this.labels.push(label);
          return { id: this.makeKey(id) };
        }),
      generateRandom: (length) => this.#answer(() => randomBytes(length)),
      deleteKey: ({ id }) =>
        this.#answer(() => {
          this.#find(id);
          this.keys.delete(id);
        }),
      keyExists: ({ id }) => this.#answer(() => this.keys.has(id)),
      encrypt: ({ id }, plaintext, aad) =>
        this.#answer(() => {
          const iv = randomBytes(12);
          const cipher = createCipheriv('aes-256-gcm', this.#find(id), iv).setAAD(aad);
          const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
          return { ciphertext, iv, tag: cipher.getAuthTag() };
        }),
      decrypt: ({ id }, { ciphertext, iv, tag }, aad) =>
        this.#answer(() => {
          const decipher = createDecipheriv('aes-256-gcm', this.#find(id), iv).setAAD(aad).setAuthTag(tag);
          try {
            return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
          } catch {
            throw new ClusterFailure('invalid ciphertext', 'from the cluster');
          }
        }),
    });
  }

  #find(id: string): Buffer {
    const key = this.keys.get(id);
    if (!key) throw new ClusterFailure('key not found', 'from the cluster');
    return key;
  }

  async #answer<T>(answer: () => T): Promise<T> {
    await Promise.resolve();
    if (this.callFailure) throw new ClusterFailure(this.callFailure, 'from the test');
    return answer();
  }
}

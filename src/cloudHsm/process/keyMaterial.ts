import type { Cryptoki, ObjectHandle, SessionHandle } from '../../hsm/pkcs11/cryptoki/cryptoki.ts';
import { CKA, CKR } from '../../hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { isAnswer } from '../../hsm/pkcs11/cryptoki/cryptokiError.ts';
import { aesKeyTemplate } from '../../hsm/pkcs11/keys/aesKeyTemplate.ts';
import { findSecretKeys } from '../../hsm/pkcs11/keys/keyDirectory.ts';
import type { Sealed } from '../../hsm/keyManager.ts';
import { AesGcm } from '../../hsm/pkcs11/serving/aesGcm.ts';
import { isVagueOfDecrypt } from '../../hsm/pkcs11/serving/isLoss.ts';
import type { ClusterKey } from '../clusterCalls.ts';
import { ClusterFailure } from '../clusterFailure.ts';
import type { ClusterToken } from './clusterToken.ts';
import { describeKey, KEY_ATTRIBUTES } from './describeKey.ts';
import { OperationSessions } from './operationSessions.ts';

const LIST_LIMIT = 10_000;

export interface KeyMaterialOptions {
  readonly token: ClusterToken;
  readonly cryptoki: Cryptoki;
  /** PKCS#11 sessions that operations may use at once. */
  readonly maxSessions: number;
}

/** The keys of the crypto user, who must be logged in. Keys are identified by their CKA_ID, in lower-case hexadecimal. */
export class KeyMaterial {
  readonly #token: ClusterToken;
  readonly #cryptoki: Cryptoki;
  readonly #sessions: OperationSessions;
  readonly #gcm: AesGcm;

  constructor({ token, cryptoki, maxSessions }: KeyMaterialOptions) {
    this.#token = token;
    this.#cryptoki = cryptoki;
    this.#sessions = new OperationSessions({ token, cryptoki, max: maxSessions });
    const dialect = { isolation: 'none', iv: 'random', gcmParameters: 'v2.40' } as const;
    this.#gcm = new AesGcm(cryptoki, dialect, () => undefined);
  }

  /** Creates an AES-256 key that never leaves the token. Resolves to its CKA_ID, which is random if none is given. */
  generate(label: string, ckaId?: string): Promise<string> {
    return this.#sessions.lend((session) => {
      const key = this.#cryptoki.generateAesKey(
        session,
        aesKeyTemplate({ label, ckaId, usages: ['ENCRYPT', 'DECRYPT'] }),
      );
      return this.#cryptoki.readAttributes(session, key, [CKA.ID]).get(CKA.ID)?.toString('hex') ?? '';
    });
  }

  /** Returns bytes from the token's random number generator. */
  random(length: number): Promise<Buffer> {
    return this.#sessions.lend((session) => this.#cryptoki.generateRandom(session, length));
  }

  list(owner: string): ClusterKey[] {
    return this.#inSession((session) =>
      this.#search(session, { limit: LIST_LIMIT })
        .map((key) => describeKey(this.#cryptoki.readAttributes(session, key, KEY_ATTRIBUTES), owner))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }

  exists(id: string): boolean {
    return this.#inSession((session) => this.#find(session, id) !== undefined);
  }

  delete(id: string): void {
    this.#inSession((session) => {
      this.#cryptoki.destroyObject(session, this.#require(session, id));
    });
  }

  /** Encrypts with AES-GCM, an IV of 12 bytes and a tag of 16. */
  encrypt(id: string, plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed> {
    return this.#sessions.lend((session) => this.#gcm.encrypt(session, this.#require(session, id), plaintext, aad));
  }

  async decrypt(id: string, sealed: Sealed, aad: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#sessions.lend((session) =>
        this.#gcm.decrypt(session, this.#require(session, id), sealed, aad),
      );
    } catch (error) {
      if (!isVagueOfDecrypt(error) && !isAnswer(error, CKR.MECHANISM_PARAM_INVALID)) throw error;
      throw new ClusterFailure('invalid ciphertext', 'The key cannot decrypt this ciphertext with this AAD.');
    }
  }

  #inSession<T>(use: (session: SessionHandle) => T): T {
    const session = this.#token.openSession();
    try {
      return use(session);
    } finally {
      this.#cryptoki.closeSession(session);
    }
  }

  #require(session: SessionHandle, id: string): ObjectHandle {
    const key = this.#find(session, id);
    if (key) return key;
    throw new ClusterFailure('key not found', `The cluster has no key with the id 0x${id}.`);
  }

  #find(session: SessionHandle, id: string): ObjectHandle | undefined {
    return this.#search(session, { ckaId: id, limit: 1 })[0];
  }

  #search(session: SessionHandle, selector: Parameters<typeof findSecretKeys>[2]): ObjectHandle[] {
    const found = findSecretKeys(this.#cryptoki, session, selector);
    // Without a login, the token does not refuse a search but shows no keys.
    if (found.length > 0 || this.#cryptoki.isUserLoggedIn(session)) return found;
    throw new ClusterFailure('failed', 'The token has lost the login of the crypto user. Log out and in again.');
  }
}

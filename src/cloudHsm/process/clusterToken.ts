import type { ManagingCryptoki, SessionHandle } from '../../hsm/pkcs11/cryptoki/cryptoki.ts';
import { CKR } from '../../hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { isAnswer } from '../../hsm/pkcs11/cryptoki/cryptokiError.ts';
import type { Secret } from '../../secret.ts';
import type { Role } from '../clusterCalls.ts';
import { ClusterFailure } from '../clusterFailure.ts';
import type { TokenUndo } from './tokenUndo.ts';

// The same in every cluster, because a cluster from a backup has a copy of another cluster's token.
const LABEL = 'cloudhsm';
const WRONG_PASSWORD = [CKR.PIN_INCORRECT, CKR.PIN_INVALID, CKR.PIN_LEN_RANGE, CKR.USER_PIN_NOT_INITIALIZED];

interface Login {
  readonly session: SessionHandle;
  readonly password: Secret;
}

/**
 * The token of a cluster. `admin` is its security officer, the crypto user is its user, and their passwords are its PINs.
 *
 * A token of SoftHSM has one login at a time. While its user is logged in, it checks no other PIN and admits no security officer. So the
 * user is logged out for such a check and then logged in again. The calls are synchronous, so no other call runs in between.
 */
export class ClusterToken {
  readonly #cryptoki: ManagingCryptoki;
  readonly #undo: TokenUndo;
  /** Login of the crypto user. Its session must stay open, because the token ends a login with its last session. */
  #login: Login | undefined;

  /** The module must be initialised. */
  constructor(cryptoki: ManagingCryptoki, undo: TokenUndo) {
    this.#cryptoki = cryptoki;
    this.#undo = undo;
  }

  get isInitialized(): boolean {
    return this.#find() !== undefined;
  }

  /** Creates the token, with the password of `admin`. */
  initialize(password: Secret): void {
    const free = this.#cryptoki.tokens().find(({ label }) => label === '');
    if (!free) throw new ClusterFailure('failed', 'SoftHSM has no free slot for the token of the cluster.');
    this.#undo.during(() => {
      this.#cryptoki.initializeToken(free.slot, password, LABEL);
    });
  }

  isPassword(role: Role, password: Secret): boolean {
    return this.#as(role, password);
  }

  /** Logs the crypto user in. The password must be right. */
  logIn(password: Secret): void {
    const session = this.openSession();
    this.#cryptoki.login(session, password);
    this.#login = { session, password };
  }

  logOut(): void {
    if (!this.#login) return;
    const { session } = this.#login;
    this.#login = undefined;
    this.#cryptoki.logout(session);
    this.#cryptoki.closeSession(session);
  }

  /** Changes the password of the crypto user who is logged in. */
  changeOwnPassword(next: Secret): void {
    if (!this.#login) throw new Error('no user is logged in');
    const { session, password } = this.#login;
    this.#undo.during(() => {
      this.#cryptoki.changePin(session, password, next);
    });
    this.#login = { session, password: next };
  }

  /** Sets the password of the crypto user. Returns false if the password of `admin` is wrong. */
  setUserPassword(admin: Secret, next: Secret): boolean {
    return this.#as('admin', admin, (session) => {
      this.#cryptoki.initializeUserPin(session, next);
    });
  }

  /** Returns false if the current password is wrong. */
  changeAdminPassword(password: Secret, next: Secret): boolean {
    return this.#as('admin', password, (session) => {
      this.#cryptoki.changePin(session, password, next);
    });
  }

  /** Opens a read-write session, because a security officer cannot log in while a read-only session is open. */
  openSession(): SessionHandle {
    const token = this.#find();
    if (!token) throw new ClusterFailure('failed', 'The token of the cluster is gone.');
    return this.#cryptoki.openSession(token.slot, 'read-write');
  }

  #find() {
    return this.#cryptoki.tokens().find(({ label }) => label === LABEL);
  }

  /** Logs a user in, makes the change, and logs the user out. Returns false if the password is wrong. */
  #as(role: Role, password: Secret, change?: (session: SessionHandle) => void): boolean {
    const session = this.openSession();
    const kept = this.#login;
    if (kept) this.#cryptoki.logout(kept.session);
    try {
      if (!this.#admits(session, role, password)) return false;
      try {
        if (change)
          this.#undo.during(() => {
            change(session);
          });
      } finally {
        this.#cryptoki.logout(session);
      }
      return true;
    } finally {
      this.#cryptoki.closeSession(session);
      if (kept) this.#cryptoki.login(kept.session, kept.password);
    }
  }

  #admits(session: SessionHandle, role: Role, password: Secret): boolean {
    try {
      if (role === 'admin') this.#cryptoki.loginOfficer(session, password);
      else this.#cryptoki.login(session, password);
      return true;
    } catch (error) {
      if (isAnswer(error, ...WRONG_PASSWORD)) return false;
      throw error;
    }
  }
}

import type { Secret } from '../../secret.ts';
import type { ClusterUser, Role } from '../clusterCalls.ts';
import { ClusterFailure } from '../clusterFailure.ts';
import type { ClusterToken } from './clusterToken.ts';
import { MAX_WRONG_TRIES, type Users } from './users.ts';

/** A connection to the cluster, which can own a login. */
export type Client = object;

export interface Credentials {
  readonly username: string;
  readonly role: Role;
  readonly password: Secret;
}

export interface AccountsOptions {
  readonly token: ClusterToken;
  readonly users: Users;
  /** Called for each event that an administrator may want to know of, with its description. */
  readonly onEvent: (event: string, fields: object) => void;
  readonly onActivated: () => void;
}

interface Login {
  readonly username: string;
  readonly role: Role;
}

const APPLIANCE_USER: ClusterUser = { username: 'app_user', role: 'internal(APPLIANCE_USER)', isLocked: false };

// Rule of AWS's guide. No colon, because a colon separates user and password in CLOUDHSM_PIN.
const PASSWORD = /^[!-9;-~]{7,32}$/;
const USERNAME = /^[a-z0-9_]{1,31}$/;

/** Users of a cluster: which user each connection is logged in as, and which changes a user may make to another. */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #logins = new Map<Client, Login>();
  /** Kept while an administrator is logged in, because the token needs it each time the security officer acts. */
  #adminPassword: Secret | undefined;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  activate(password: Secret): void {
    const { token, onEvent, onActivated } = this.#options;
    if (token.isInitialized) throw new ClusterFailure('already activated', 'The cluster is activated already.');
    requirePassword(password);
    token.initialize(password);
    onEvent('the cluster was activated', {});
    onActivated();
  }

  logIn(client: Client, { username, role, password }: Credentials): void {
    const { token, users, onEvent } = this.#options;
    const own = this.#logins.get(client);
    if (own) {
      throw new ClusterFailure('refused', `This connection is logged in as ${own.username} already. Log out first.`);
    }
    const name = this.#requireUser(username, role);
    this.#requireUnlocked(role);
    if (!token.isPassword(role, password)) {
      users.countWrongTry(role);
      const triesLeft = users.triesLeft(role);
      onEvent('a login was refused', { username: name, role, triesLeft });
      throw new ClusterFailure('wrong password', `The password of ${name} is wrong. ${consequence(triesLeft)}`);
    }
    if (role === 'crypto-user') {
      this.#requireLoggedOut();
      token.logIn(password);
    } else {
      this.#adminPassword = password;
    }
    users.forgetWrongTries(role);
    this.#logins.set(client, { username: name, role });
    onEvent('a user has logged in', { username: name, role });
  }

  logOut(client: Client): void {
    if (!this.#logins.has(client)) throw notLoggedIn();
    this.end(client);
  }

  /** Logs out the user of a connection that has ended. */
  end(client: Client): void {
    const login = this.#logins.get(client);
    if (!login) return;
    this.#logins.delete(client);
    if (login.role === 'crypto-user') this.#options.token.logOut();
    else if (![...this.#logins.values()].some(({ role }) => role === 'admin')) this.#adminPassword = undefined;
    this.#options.onEvent('a user has logged out', login);
  }

  list(): ClusterUser[] {
    const { token, users } = this.#options;
    if (!token.isInitialized) {
      return [{ username: 'admin', role: 'unactivated-admin', isLocked: false }, APPLIANCE_USER];
    }
    const known = (['admin', 'crypto-user'] as const).flatMap((role) => {
      const username = users.nameOf(role);
      return username === undefined ? [] : [{ username, role, isLocked: users.isLocked(role) }];
    });
    return [...known, APPLIANCE_USER];
  }

  create(client: Client, { username, role, password }: Credentials): void {
    const { token, users, onEvent } = this.#options;
    const admin = this.#requireAdmin(client);
    const name = username.toLowerCase();
    if (role === 'admin') {
      throw new ClusterFailure(
        'refused',
        'A cluster of the local KMS has only one administrator, admin, because its token has one security officer.',
      );
    }
    const known = users.nameOf(role);
    if (known !== undefined) {
      throw new ClusterFailure(
        'refused',
        `A cluster of the local KMS has only one crypto user, ${known}, because its token has one user.`,
      );
    }
    if (!USERNAME.test(name) || [users.nameOf('admin'), APPLIANCE_USER.username].includes(name)) {
      throw new ClusterFailure(
        'refused',
        'A user name has 1 to 31 letters, digits or underscores, and is not admin or app_user.',
      );
    }
    requirePassword(password);
    if (!token.setUserPassword(admin, password)) throw staleAdmin();
    users.addCryptoUser(name);
    onEvent('a user was created', { username: name, role });
  }

  changePassword(client: Client, { username, role, password }: Credentials): void {
    const { token, users, onEvent } = this.#options;
    const login = this.#logins.get(client);
    if (!login) throw notLoggedIn();
    const name = this.#requireUser(username, role);
    requirePassword(password);
    if (login.role === 'admin') {
      this.#changeAsAdmin(client, role, password);
    } else if (role === 'admin') {
      throw new ClusterFailure('refused', 'Only an administrator can change the password of another user.');
    } else {
      this.#requireUnlocked(role);
      token.changeOwnPassword(password);
    }
    users.forgetWrongTries(role);
    onEvent('a password was changed', { username: name, role, by: login.username });
  }

  /** Returns the name of the crypto user that this connection is logged in as. Throws ClusterFailure if there is none, or it is locked. */
  requireCryptoUser(client: Client): string {
    const login = this.#logins.get(client);
    if (login?.role !== 'crypto-user') throw notLoggedIn('the crypto user');
    this.#requireUnlocked('crypto-user');
    return login.username;
  }

  #changeAsAdmin(client: Client, role: Role, password: Secret): void {
    const { token } = this.#options;
    const admin = this.#requireAdmin(client);
    if (role === 'crypto-user') this.#requireLoggedOut();
    const isTaken =
      role === 'admin' ? token.changeAdminPassword(admin, password) : token.setUserPassword(admin, password);
    if (!isTaken) throw staleAdmin();
    if (role === 'admin') this.#adminPassword = password;
  }

  #requireAdmin(client: Client): Secret {
    if (this.#logins.get(client)?.role !== 'admin' || !this.#adminPassword) throw notLoggedIn('admin');
    return this.#adminPassword;
  }

  #requireUser(username: string, role: Role): string {
    const { token, users } = this.#options;
    if (!token.isInitialized) {
      throw new ClusterFailure(
        'not activated',
        'The cluster is not activated. Set the password of admin with: cluster activate',
      );
    }
    const name = users.nameOf(role);
    if (name !== undefined && name === username.toLowerCase()) return name;
    throw new ClusterFailure('user not found', `There is no user of this name with the role ${role}.`);
  }

  #requireUnlocked(role: Role): void {
    const { users } = this.#options;
    if (!users.isLocked(role)) return;
    const name = String(users.nameOf(role));
    const cure =
      role === 'admin'
        ? 'Change its password on a connection that is still logged in, or create a cluster from a backup.'
        : `An administrator can unlock it with: user change-password --username ${name} --role ${role}`;
    throw new ClusterFailure('locked out', `${name} is locked out after ${MAX_WRONG_TRIES} wrong passwords. ${cure}`);
  }

  /** Throws if the crypto user is logged in: it has one login at a time, and no other connection may change its password meanwhile. */
  #requireLoggedOut(): void {
    const login = [...this.#logins.values()].find(({ role }) => role === 'crypto-user');
    if (!login) return;
    throw new ClusterFailure(
      'logged in elsewhere',
      `${login.username} is logged in by another connection. If that is KMS, disconnect the custom key store first.`,
    );
  }
}

function requirePassword(password: Secret): void {
  if (PASSWORD.test(password.reveal())) return;
  throw new ClusterFailure('refused', 'A password has 7 to 32 printable ASCII characters, without colons and spaces.');
}

function consequence(triesLeft: number): string {
  if (triesLeft === 0) return 'The user is locked out now.';
  return `${triesLeft === 1 ? 'One more wrong password locks' : `${triesLeft} more wrong passwords lock`} the user.`;
}

function notLoggedIn(as?: string): ClusterFailure {
  const missing = as === undefined ? 'Nobody is logged in' : `This needs a login as ${as}`;
  return new ClusterFailure('not logged in', `${missing}. Log in first, with: login --username USER --role ROLE`);
}

// Another program has changed the token.
function staleAdmin(): ClusterFailure {
  return new ClusterFailure('failed', 'The token no longer accepts the password of admin. Log out and in again.');
}

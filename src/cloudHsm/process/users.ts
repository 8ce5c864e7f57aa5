import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { replaceFile } from '../../replaceFile.ts';
import type { Role } from '../clusterCalls.ts';
import { ClusterFailure } from '../clusterFailure.ts';

/** Wrong passwords in a row that lock a user, as in CloudHSM. */
export const MAX_WRONG_TRIES = 5;

const user = z.strictObject({ username: z.string(), wrongTries: z.int().nonnegative() });
const schema = z.strictObject({ admin: user, 'crypto-user': user.optional() });

type UserRecord = z.infer<typeof user>;

const NEW: z.infer<typeof schema> = { admin: { username: 'admin', wrongTries: 0 } };

/**
 * The users of a cluster, with the facts that the token does not store: their names, and how many wrong passwords in a row each had. A
 * method returns only when its changes are on disk.
 */
export class Users {
  readonly #file: string;
  #users: z.infer<typeof schema>;

  /** Throws ClusterFailure if the file exists but cannot be used. */
  constructor(file: string) {
    this.#file = file;
    this.#users = existsSync(file) ? read(file) : NEW;
  }

  nameOf(role: Role): string | undefined {
    return this.#users[role]?.username;
  }

  isLocked(role: Role): boolean {
    return this.triesLeft(role) === 0;
  }

  triesLeft(role: Role): number {
    return Math.max(0, MAX_WRONG_TRIES - (this.#users[role]?.wrongTries ?? 0));
  }

  addCryptoUser(username: string): void {
    this.#change({ 'crypto-user': { username, wrongTries: 0 } });
  }

  countWrongTry(role: Role): void {
    const known = this.#users[role];
    if (known) this.#change({ [role]: { ...known, wrongTries: known.wrongTries + 1 } });
  }

  /** Unlocks the user. */
  forgetWrongTries(role: Role): void {
    const known = this.#users[role];
    if (known && known.wrongTries > 0) this.#change({ [role]: { ...known, wrongTries: 0 } });
  }

  #change(users: { readonly [R in Role]?: UserRecord }): void {
    this.#users = { ...this.#users, ...users };
    replaceFile(this.#file, `${JSON.stringify(this.#users, null, 2)}\n`);
  }
}

function read(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ClusterFailure('failed', `The file ${file} cannot be used. Restore it from a backup of the cluster.`, {
      cause,
    });
  }
}

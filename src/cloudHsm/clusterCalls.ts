/** Roles of users, with the names of the CloudHSM CLI. */
export type Role = 'admin' | 'crypto-user';

export interface ClusterUser {
  readonly username: string;
  readonly role: Role | 'unactivated-admin' | 'internal(APPLIANCE_USER)';
  readonly isLocked: boolean;
}

/** A key of the crypto user, with the attribute names of the CloudHSM CLI. */
export interface ClusterKey {
  /** CKA_ID, in lower-case hexadecimal. */
  readonly id: string;
  /** A number for the key in this cluster, such as `0x0000a1b2c3d4e5f6`. */
  readonly reference: string;
  readonly owner: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

interface Credentials {
  readonly username: string;
  readonly role: Role;
  readonly password: string;
}

interface KeyChoice {
  /** CKA_ID, in lower-case hexadecimal. */
  readonly id: string;
}

/** A ciphertext of AES-GCM, in Base64. */
interface WireSealed {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
}

/**
 * Calls that a cluster answers over its socket. Each throws ClusterFailure. This is a type alias because Peer does not accept an interface.
 */
export type ClusterCalls = {
  /** Sets the first password of `admin`. */
  activate(argument: { readonly password: string }): void;
  login(credentials: Credentials): void;
  logout(): void;
  /** Needs no login. */
  listUsers(): readonly ClusterUser[];
  createUser(credentials: Credentials): void;
  /** Changes the user's own password, or as `admin` that of another user, which also unlocks that user. */
  changePassword(credentials: Credentials): void;
  /** Creates an AES-256 key. Its CKA_ID is random if none is given. */
  generateKey(argument: { readonly label: string; readonly id?: string | undefined }): Promise<KeyChoice>;
  /** Returns `length` random bytes, in Base64. */
  generateRandom(argument: { readonly length: number }): Promise<{ readonly bytes: string }>;
  listKeys(): readonly ClusterKey[];
  deleteKey(key: KeyChoice): void;
  keyExists(key: KeyChoice): boolean;
  /** `plaintext` and `aad` are in Base64. */
  encrypt(argument: KeyChoice & { readonly plaintext: string; readonly aad: string }): Promise<WireSealed>;
  decrypt(argument: KeyChoice & WireSealed & { readonly aad: string }): Promise<{ readonly plaintext: string }>;
};

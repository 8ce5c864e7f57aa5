import type { XksErrorName } from '../xks/errors.ts';
import type { HealthStatus } from '../xks/messages/getHealthStatus.ts';

/**
 * The operations of an external key manager: an HSM behind PKCS#11, or the in-memory one of the tests. Failures are XksErrors
 * with the names of the contract; any other error is an internal one.
 *
 * `deadline`, in milliseconds of performance.now(), is when the caller must have an answer. By then, and at most `timeoutMs`
 * after the call, an operation throws DependencyTimeoutException, or ThrottlingException if the key manager was too busy to
 * begin. It begins nothing afterwards.
 */
export interface KeyManager {
  /** Its name in the configuration. */
  readonly name: string;
  /** Milliseconds that an operation may take here. */
  readonly timeoutMs: number;

  /** Reads the attributes of the key. Throws KeyNotFoundException if no key matches the selector. */
  describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription>;

  /**
   * Describes many keys, in the order given, faster than one by one. Other operations are served meanwhile. It takes at most
   * `timeoutMs` for each key, or until `deadline`.
   */
  describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<readonly KeyFinding[]>;

  /**
   * Encrypts with AES-GCM and an IV that the key manager makes. `aad` is the framed AAD. `ciphertext` is as long as `plaintext`.
   */
  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed>;

  /**
   * Encrypts and returns the CDIV, after decrypting the result again. It waits for a session only once. Throws InternalException
   * if the decryption does not give the plaintext.
   */
  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv>;

  /** Returns the plaintext. Throws InvalidCiphertextException if the tag does not verify. */
  decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array>;

  /**
   * Encrypts and decrypts with the health key, which belongs to the key manager. Throws the failure that would keep requests from
   * being served.
   */
  checkHealth(deadline?: number): Promise<void>;

  /** Describes the token or appliance, as read from the device. */
  describe(): Promise<KeyManagerDescription>;

  /** Current load of the key manager. Undefined, or left out, if it is not known. */
  load?(): KeyManagerLoad | undefined;

  close(): Promise<void>;
}

/** Selects a key by its CKA_LABEL, its CKA_ID, or both. At least one is given. */
export interface KeySelector {
  readonly label?: string | undefined;
  /** Lower-case hexadecimal. */
  readonly ckaId?: string | undefined;
}

/** The fields of the framed AAD, as the client sent them. */
export interface AadFields {
  /** Empty if the client sent none. */
  readonly aad: Uint8Array;
  readonly ciphertextMetadata: Uint8Array;
}

export interface Sealed {
  readonly ciphertext: Uint8Array;
  /** 12 or 16 bytes. */
  readonly iv: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

export interface SealedWithCdiv extends Sealed {
  /** Base64. */
  readonly ciphertextDataIntegrityValue: string;
}

export interface KeyDescription {
  /** `AES_256` for a 256-bit AES key; for other keys their real type, such as `AES_128`. Spec, "GetKeyMetadata". */
  readonly keySpec: string;
  readonly keyUsage: readonly KeyUsage[];
  /** Whether its bytes cannot be read in the clear. Undefined if the key manager does not say. */
  readonly sensitive?: boolean | undefined;
  /** Whether it can leave the key manager, encrypted with another key. Undefined if the key manager does not say. */
  readonly extractable?: boolean | undefined;
  /** Whether it can be used only after a login. Undefined if the key manager does not say. */
  readonly private?: boolean | undefined;
  /**
   * CKA_CHECK_VALUE in upper-case hexadecimal, by which people compare keys. Undefined if the key manager does not report one, or
   * does not read it, because requests do not need it.
   */
  readonly checkValue?: string | undefined;
}

/** The attributes of a requested key, or why it cannot be used. Plain values, since they cross between threads. */
export type KeyFinding =
  | { readonly description: KeyDescription; readonly failure?: undefined }
  | { readonly failure: KeyFailure; readonly description?: undefined };

/** The content of an XksError. */
export interface KeyFailure {
  readonly errorName: XksErrorName;
  readonly message: string;
  readonly detail: string | undefined;
}

export type KeyUsage = 'ENCRYPT' | 'DECRYPT' | 'SIGN' | 'VERIFY' | 'WRAP' | 'UNWRAP' | 'DERIVE';

export interface KeyManagerLoad {
  /** Number of sessions that may be lent at once. */
  readonly sessions: number;
  readonly sessionsInUse: number;
  /** Number of operations that wait for a free session. */
  readonly operationsWaiting: number;
}

/** The result of a key manager's last deep check. */
export interface KeyManagerHealth {
  /** Name of the key manager in the configuration. */
  readonly name: string;
  readonly healthStatus: HealthStatus;
  /** Undefined until the key manager has answered once. */
  readonly description: KeyManagerDescription | undefined;
}

export interface KeyManagerDescription {
  /** The token's serial number. Not every vendor makes it unique. */
  readonly id: string;
  readonly vendor: string;
  /** Product, hardware and firmware versions. */
  readonly model: string;
}

import type { XksErrorName } from '../xks/errors.ts';
import type { HealthStatus } from '../xks/messages/getHealthStatus.ts';

/**
 * What an external key manager can do for the operations: an HSM behind PKCS#11, or the in-memory one of the tests.
 * Failures are XksErrors named as the contract names them; anything else that is thrown is an internal error.
 *
 * `deadline`, in milliseconds of performance.now(), is when the caller must have an answer: by then, and by `timeoutMs` after
 * the call, it throws DependencyTimeoutException, or ThrottlingException if it was too busy to begin. Afterwards nothing begins.
 */
export interface KeyManager {
  /** Its name in the configuration. */
  readonly name: string;
  /** Milliseconds that an operation may take here at most. */
  readonly timeoutMs: number;

  /** Attributes of the key. Throws KeyNotFoundException if there is none that is so selected. */
  describeKey(key: KeySelector, deadline?: number): Promise<KeyDescription>;

  /**
   * Describes many keys, in their order, faster than one by one. Other operations are served meanwhile. It takes `timeoutMs` for
   * each key at most, or until `deadline`.
   */
  describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<readonly KeyFinding[]>;

  /** AES-GCM with an IV of the key manager's making. `aad` is the framed AAD. `ciphertext` is as long as `plaintext`. */
  encrypt(key: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number): Promise<Sealed>;

  /**
   * `encrypt`, with the CDIV, and only after what was encrypted has been decrypted again: one wait for all of it. Throws
   * InternalException if that does not give the plaintext.
   */
  encryptWithCdiv(
    key: KeySelector,
    plaintext: Uint8Array,
    fields: AadFields,
    deadline?: number,
  ): Promise<SealedWithCdiv>;

  /** The plaintext; throws InvalidCiphertextException when the tag does not verify. */
  decrypt(key: KeySelector, sealed: Sealed, aad: Uint8Array, deadline?: number): Promise<Uint8Array>;

  /** Encrypts and decrypts with the health key, the key manager's own. Throws what would keep requests from being served. */
  checkHealth(deadline?: number): Promise<void>;

  /** Identity of the token or appliance behind it, read from the device. */
  describe(): Promise<KeyManagerDescription>;

  /** How busy it is now; undefined, or left out, where that is not known. */
  load?(): KeyManagerLoad | undefined;

  close(): Promise<void>;
}

/** Which key: the one with this CKA_LABEL, this CKA_ID, or both. At least one is given. */
export interface KeySelector {
  readonly label?: string | undefined;
  /** Lower-case hexadecimal. */
  readonly ckaId?: string | undefined;
}

/** What the framed AAD is made of, as the client gave it. */
export interface AadFields {
  /** Empty if the client gave none. */
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
  /** `AES_256` for a 256-bit AES key; otherwise the truth, e.g. `AES_128`. Spec, "GetKeyMetadata". */
  readonly keySpec: string;
  readonly keyUsage: readonly KeyUsage[];
  /** Whether its bytes cannot be read in the clear; undefined if the key manager does not say. */
  readonly sensitive?: boolean | undefined;
  /** Whether it can leave the key manager, encrypted with another key; undefined if the key manager does not say. */
  readonly extractable?: boolean | undefined;
}

/** A key that was asked for: its attributes, or why it cannot be used. Plain values, since they cross between threads. */
export type KeyFinding =
  | { readonly description: KeyDescription; readonly failure?: undefined }
  | { readonly failure: KeyFailure; readonly description?: undefined };

/** What an XksError says. */
export interface KeyFailure {
  readonly errorName: XksErrorName;
  readonly message: string;
  readonly detail: string | undefined;
}

export type KeyUsage = 'ENCRYPT' | 'DECRYPT' | 'SIGN' | 'VERIFY' | 'WRAP' | 'UNWRAP' | 'DERIVE';

export interface KeyManagerLoad {
  /** Sessions lent at most. */
  readonly sessions: number;
  readonly sessionsInUse: number;
  /** Operations that wait for a free session. */
  readonly operationsWaiting: number;
}

/** What the last deep check found of a key manager. */
export interface KeyManagerHealth {
  /** Name of the key manager in the configuration. */
  readonly name: string;
  readonly healthStatus: HealthStatus;
  /** Undefined until the key manager has answered once. */
  readonly description: KeyManagerDescription | undefined;
}

export interface KeyManagerDescription {
  /** The token's serial number, which not every vendor makes unique. */
  readonly id: string;
  readonly vendor: string;
  /** Product, hardware and firmware versions. */
  readonly model: string;
}

import type { Secret } from '../../../secret.ts';

/** CK_SESSION_HANDLE and CK_OBJECT_HANDLE, opaque. */
export type SessionHandle = Buffer;
export type ObjectHandle = Buffer;

export type Template = readonly { readonly type: number; readonly value: number | boolean | string | Buffer }[];

/** CK_TOKEN_INFO without its padding, and the slot that holds the token. Versions are `major.minor`. */
export interface TokenInfo {
  /** CK_SLOT_ID, 64 bits wide; some modules use all of them. */
  readonly slot: bigint;
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly hardwareVersion: string;
  readonly firmwareVersion: string;
  /** The worst warning of the token against trying the user PIN; undefined if there is none. */
  readonly pinDanger?: PinDanger;
  /** Sessions that all processes of this machine may have open. Undefined if there is no limit, or if the token does not say. */
  readonly maxSessions?: number;
}

/** CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED. */
export type PinDanger = 'count low' | 'final try' | 'locked';

/**
 * One AES-GCM encryption or decryption with a 16-byte tag, which follows the ciphertext. The module gets the memory of these
 * buffers, not copies. None may be changed or reused before the call has returned.
 */
export interface GcmCall {
  readonly key: ObjectHandle;
  /** If empty, a null pointer is passed, and the HSM makes the IV. */
  readonly iv: Uint8Array;
  readonly aad: Uint8Array;
  readonly input: Uint8Array;
  readonly output: Buffer;
  readonly gcmParameters: GcmParameters;
}

/** The layout of CK_GCM_PARAMS: with ulIvBits, as in PKCS#11 2.40, or without it, as in earlier versions. */
export type GcmParameters = 'v2.40' | 'v2.20';

/** C_EncryptInit and C_Encrypt, or C_DecryptInit and C_Decrypt. They return the part of `output` that was written. */
export interface CipherCalls {
  encrypt(session: SessionHandle, call: GcmCall): Buffer | Promise<Buffer>;
  decrypt(session: SessionHandle, call: GcmCall): Buffer | Promise<Buffer>;
}

/**
 * The PKCS#11 functions of one module that are used here. All except `threadpool` block the calling thread. They throw
 * CryptokiError if the module answers with anything but CKR_OK.
 */
export interface Cryptoki {
  /**
   * C_Initialize, with text for modules that need it. Returns false if the module was already initialised in this process; then
   * we must not finalize it.
   */
  initialize(parameters?: string): boolean;
  /** C_Finalize. No call may be running in the module. */
  finalize(): void;
  /** C_GetSlotList and C_GetTokenInfo. Slots whose token cannot be read are left out. */
  tokens(): TokenInfo[];
  /**
   * C_GetMechanismInfo of CKM_AES_GCM. Returns the uses that the slot allows: none if the mechanism is absent, undefined if the
   * module does not say.
   */
  aesGcmUsages(slot: bigint): readonly ('ENCRYPT' | 'DECRYPT')[] | undefined;
  openSession(slot: bigint, access: 'read-only' | 'read-write'): SessionHandle;
  closeSession(session: SessionHandle): void;
  /** C_GetSessionInfo. */
  isUserLoggedIn(session: SessionHandle): boolean;
  /** C_Login as CKU_USER. */
  login(session: SessionHandle, pin: Secret): void;
  /** C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal. Returns at most `limit` objects. */
  findObjects(session: SessionHandle, template: Template, limit: number): ObjectHandle[];
  /** C_GetAttributeValue. Attributes that the token does not know or does not reveal are left out. */
  readAttributes(session: SessionHandle, object: ObjectHandle, types: readonly number[]): ReadonlyMap<number, Buffer>;
  /** C_GenerateKey with CKM_AES_KEY_GEN. */
  generateAesKey(session: SessionHandle, template: Template): ObjectHandle;
  destroyObject(session: SessionHandle, object: ObjectHandle): void;
  /** C_GenerateRandom. */
  generateRandom(session: SessionHandle, bytes: number): Buffer;

  /** The fastest calls, for a module that works in this process. */
  readonly blocking: CipherCalls;
  /** Calls for a network HSM: the thread is free meanwhile. */
  readonly threadpool: CipherCalls;
}

/** Functions that manage a token and its users. They throw as the functions of Cryptoki do. */
export interface ManagingCryptoki extends Cryptoki {
  /**
   * C_InitToken: initialises the token of a slot, which then has no keys and no user. `pin` becomes the security officer's PIN.
   */
  initializeToken(slot: bigint, pin: Secret, label: string): void;
  /** C_Login as CKU_SO. The session must be read-write, and no read-only session may be open. */
  loginOfficer(session: SessionHandle, pin: Secret): void;
  /** C_Logout. */
  logout(session: SessionHandle): void;
  /** C_InitPIN: sets the user's PIN. The security officer must be logged in. */
  initializeUserPin(session: SessionHandle, pin: Secret): void;
  /** C_SetPIN: changes the PIN of the user or officer who is logged in. */
  changePin(session: SessionHandle, pin: Secret, next: Secret): void;
}

import type { Secret } from '../../../secret.ts';
import type {
  CipherCalls,
  GcmCall,
  ManagingCryptoki,
  ObjectHandle,
  SessionHandle,
  Template,
  TokenInfo,
} from './cryptoki.ts';
import { CKF, CKM, CKR, CKS, CKU } from './cryptokiConstants.ts';
import { answer, translateAnswer } from './answer.ts';
import { CryptokiError, isAnswer } from './cryptokiError.ts';
import { asBuffer, gcmMechanism } from './gcmMechanism.ts';
import { loadPkcs11js } from './loadPkcs11js.ts';
import { toTokenInfo } from './toTokenInfo.ts';

/** Cryptoki through pkcs11js. Only this folder imports pkcs11js. */
export class Pkcs11jsCryptoki implements ManagingCryptoki {
  readonly #module = new (loadPkcs11js().PKCS11)();
  // pkcs11js keeps no reference to buffers that a module reads and writes, so they could be collected while the call runs.
  readonly #running = new Set<GcmCall>();

  /** Loads the shared library. Throws an Error with the dynamic linker's message, or Pkcs11Failure for lack of pkcs11js. */
  constructor(path: string) {
    this.#module.load(path);
  }

  initialize(parameters?: string): boolean {
    // Without this flag the application counts as single-threaded, and a module may omit locks.
    const flags = CKF.OS_LOCKING_OK;
    // pkcs11js cuts off the last character.
    const options = parameters === undefined ? { flags } : { flags, libraryParameters: `${parameters} ` };
    try {
      answer('C_Initialize', () => {
        this.#module.C_Initialize(options);
      });
      return true;
    } catch (error) {
      if (isAnswer(error, CKR.CRYPTOKI_ALREADY_INITIALIZED)) return false;
      throw error;
    }
  }

  finalize(): void {
    answer('C_Finalize', () => {
      this.#module.C_Finalize();
    });
  }

  tokens(): TokenInfo[] {
    return answer('C_GetSlotList', () => this.#module.C_GetSlotList(true)).flatMap((slot) => {
      try {
        const info = answer('C_GetTokenInfo', () => this.#module.C_GetTokenInfo(slot));
        return [toTokenInfo(slot.readBigUInt64LE(), info)];
      } catch (error) {
        if (error instanceof CryptokiError) return [];
        throw error;
      }
    });
  }

  aesGcmUsages(slot: bigint): ('ENCRYPT' | 'DECRYPT')[] | undefined {
    try {
      const { flags } = answer('C_GetMechanismInfo', () =>
        this.#module.C_GetMechanismInfo(slotIdOf(slot), CKM.AES_GCM),
      );
      const usages = [
        ['ENCRYPT', CKF.ENCRYPT],
        ['DECRYPT', CKF.DECRYPT],
      ] as const;
      return usages.filter(([, flag]) => (flags & flag) !== 0).map(([usage]) => usage);
    } catch (error) {
      if (isAnswer(error, CKR.MECHANISM_INVALID)) return [];
      if (error instanceof CryptokiError) return undefined;
      throw error;
    }
  }

  openSession(slot: bigint, access: 'read-only' | 'read-write'): SessionHandle {
    const flags = CKF.SERIAL_SESSION | (access === 'read-write' ? CKF.RW_SESSION : 0);
    return answer('C_OpenSession', () => this.#module.C_OpenSession(slotIdOf(slot), flags));
  }

  closeSession(session: SessionHandle): void {
    answer('C_CloseSession', () => {
      this.#module.C_CloseSession(session);
    });
  }

  isUserLoggedIn(session: SessionHandle): boolean {
    const { state } = answer('C_GetSessionInfo', () => this.#module.C_GetSessionInfo(session));
    return state === CKS.RO_USER_FUNCTIONS || state === CKS.RW_USER_FUNCTIONS;
  }

  login(session: SessionHandle, pin: Secret): void {
    answer('C_Login', () => {
      this.#module.C_Login(session, CKU.USER, pin.reveal());
    });
  }

  initializeToken(slot: bigint, pin: Secret, label: string): void {
    answer('C_InitToken', () => this.#module.C_InitToken(slotIdOf(slot), pin.reveal(), label));
  }

  loginOfficer(session: SessionHandle, pin: Secret): void {
    answer('C_Login', () => {
      this.#module.C_Login(session, CKU.SO, pin.reveal());
    });
  }

  logout(session: SessionHandle): void {
    answer('C_Logout', () => {
      this.#module.C_Logout(session);
    });
  }

  initializeUserPin(session: SessionHandle, pin: Secret): void {
    answer('C_InitPIN', () => {
      this.#module.C_InitPIN(session, pin.reveal());
    });
  }

  changePin(session: SessionHandle, pin: Secret, next: Secret): void {
    answer('C_SetPIN', () => {
      this.#module.C_SetPIN(session, pin.reveal(), next.reveal());
    });
  }

  findObjects(session: SessionHandle, template: Template, limit: number): ObjectHandle[] {
    answer('C_FindObjectsInit', () => {
      this.#module.C_FindObjectsInit(session, [...template]);
    });
    const found: ObjectHandle[] = [];
    let batch: ObjectHandle[];
    do {
      // A module may return fewer objects than requested. Only an empty answer means that there are no more.
      batch = answer('C_FindObjects', () => this.#module.C_FindObjects(session, Math.min(limit - found.length, 100)));
      found.push(...batch);
    } while (batch.length > 0 && found.length < limit);
    answer('C_FindObjectsFinal', () => {
      this.#module.C_FindObjectsFinal(session);
    });
    return found;
  }

  readAttributes(session: SessionHandle, object: ObjectHandle, types: readonly number[]): Map<number, Buffer> {
    const template = types.map((type) => ({ type }));
    try {
      const attributes = answer('C_GetAttributeValue', () =>
        this.#module.C_GetAttributeValue(session, object, template),
      );
      return new Map(attributes.map(({ type, value }) => [type, value]));
    } catch (error) {
      if (!isAnswer(error, CKR.ATTRIBUTE_TYPE_INVALID, CKR.ATTRIBUTE_SENSITIVE)) throw error;
      // One attribute that cannot be read spoils the answer for all of them, so each is read alone.
      if (types.length === 1) return new Map();
      return new Map(types.flatMap((type) => [...this.readAttributes(session, object, [type])]));
    }
  }

  generateAesKey(session: SessionHandle, template: Template): ObjectHandle {
    const mechanism = { mechanism: CKM.AES_KEY_GEN };
    return answer('C_GenerateKey', () => this.#module.C_GenerateKey(session, mechanism, [...template]));
  }

  destroyObject(session: SessionHandle, object: ObjectHandle): void {
    answer('C_DestroyObject', () => {
      this.#module.C_DestroyObject(session, object);
    });
  }

  generateRandom(session: SessionHandle, bytes: number): Buffer {
    return answer('C_GenerateRandom', () => this.#module.C_GenerateRandom(session, Buffer.alloc(bytes)));
  }

  readonly blocking: CipherCalls = {
    encrypt: (session, call) =>
      this.#keep(call, () => {
        this.#encryptInit(session, call);
        return answer('C_Encrypt', () => this.#module.C_Encrypt(session, asBuffer(call.input), call.output));
      }),
    decrypt: (session, call) =>
      this.#keep(call, () => {
        this.#decryptInit(session, call);
        return answer('C_Decrypt', () => this.#module.C_Decrypt(session, asBuffer(call.input), call.output));
      }),
  };

  readonly threadpool: CipherCalls = {
    encrypt: (session, call) =>
      this.#keepAsync('C_Encrypt', call, () => {
        this.#encryptInit(session, call);
        return this.#module.C_EncryptAsync(session, asBuffer(call.input), call.output);
      }),
    decrypt: (session, call) =>
      this.#keepAsync('C_Decrypt', call, () => {
        this.#decryptInit(session, call);
        return this.#module.C_DecryptAsync(session, asBuffer(call.input), call.output);
      }),
  };

  #keep<T>(call: GcmCall, run: () => T): T {
    this.#running.add(call);
    try {
      return run();
    } finally {
      this.#running.delete(call);
    }
  }

  async #keepAsync<T>(functionName: string, call: GcmCall, run: () => Promise<T>): Promise<T> {
    this.#running.add(call);
    try {
      return await run();
    } catch (error) {
      throw translateAnswer(functionName, error);
    } finally {
      this.#running.delete(call);
    }
  }

  #encryptInit(session: SessionHandle, call: GcmCall): void {
    answer('C_EncryptInit', () => {
      this.#module.C_EncryptInit(session, gcmMechanism(call), call.key);
    });
  }

  #decryptInit(session: SessionHandle, call: GcmCall): void {
    answer('C_DecryptInit', () => {
      this.#module.C_DecryptInit(session, gcmMechanism(call), call.key);
    });
  }
}

function slotIdOf(slot: bigint): Buffer {
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(slot);
  return id;
}

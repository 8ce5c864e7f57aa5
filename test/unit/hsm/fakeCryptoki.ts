import { randomBytes } from 'node:crypto';
import type {
  CipherCalls,
  Cryptoki,
  GcmCall,
  ObjectHandle,
  SessionHandle,
  Template,
  TokenInfo,
} from '../../../src/hsm/pkcs11/cryptoki/cryptoki.ts';
import { CKA, CKK, CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../../../src/hsm/pkcs11/cryptoki/cryptokiError.ts';
import type { OpenToken } from '../../../src/hsm/pkcs11/token/openToken.ts';
import { SharedModule } from '../../../src/hsm/pkcs11/module/moduleHandle.ts';
import { Token } from '../../../src/hsm/pkcs11/token/token.ts';
import { Secret } from '../../../src/secret.ts';

export const TOKEN: TokenInfo = {
  slot: 7n,
  label: 'fake',
  serial: '0123',
  manufacturer: 'ACME',
  model: 'Vault',
  hardwareVersion: '1.2',
  firmwareVersion: '3.4',
};

export const PIN = new Secret('1234');

/** A module with one token. By default it follows the standard on sessions, login and handles. */
export class FakeCryptoki implements Cryptoki {
  /** Names of the functions called, in order. */
  readonly log: string[] = [];
  readonly sessions = new Set<string>();
  /** Labels of the keys, each an AES-256 key for both usages. */
  keys = ['key'];
  /** The answer of a cipher call, by default zeros of the right length. */
  encryptAnswer: (call: GcmCall) => Buffer | Promise<Buffer> = ({ input }) => Buffer.alloc(input.length + 16);
  decryptAnswer: (call: GcmCall) => Buffer | Promise<Buffer> = ({ input }) => Buffer.alloc(input.length - 16);
  /** Different bytes each time, as from a real HSM. */
  random: (bytes: number) => Buffer = (bytes) => randomBytes(bytes);
  token = TOKEN;
  /** The usages of CKM_AES_GCM. */
  aesGcm: readonly ('ENCRYPT' | 'DECRYPT')[] | undefined = ['ENCRYPT', 'DECRYPT'];
  /** Whether sessions without CKF_RW_SESSION are refused with CKR_FUNCTION_FAILED. */
  readWriteOnly = false;
  /** The CK_RV of functions that fail until their entry is removed. */
  readonly failing = new Map<string, number>();
  #initialized = true;
  #loggedIn = false;
  #handles = 0;
  #objects = new Map<string, string>();
  readonly #failures = new Map<string, (number | Error)[]>();

  /** The next calls of the function fail, one with each error. A number is a CK_RV. */
  failNext(functionName: string, ...errors: (number | Error)[]): void {
    this.#failures.set(functionName, errors);
  }

  count(functionName: string): number {
    return this.log.filter((name) => name === functionName).length;
  }

  /** The behaviour of C_CloseAllSessions. */
  loseSessions(): void {
    this.sessions.clear();
    this.#logOut();
  }

  initialize(): boolean {
    this.log.push('C_Initialize');
    this.#fail('C_Initialize');
    this.#initialized = true;
    return true;
  }

  finalize(): void {
    this.#called('C_Finalize');
    this.#initialized = false;
    this.loseSessions();
  }

  tokens(): TokenInfo[] {
    this.#called('C_GetSlotList');
    return [this.token];
  }

  aesGcmUsages(): readonly ('ENCRYPT' | 'DECRYPT')[] | undefined {
    return this.aesGcm;
  }

  openSession(slot: bigint, access: 'read-only' | 'read-write'): SessionHandle {
    this.#called('C_OpenSession');
    if (this.readWriteOnly && access === 'read-only') throw new CryptokiError('C_OpenSession', CKR.FUNCTION_FAILED);
    if (slot !== this.token.slot) throw new CryptokiError('C_OpenSession', CKR.SLOT_ID_INVALID);
    const session = this.#newHandle();
    this.sessions.add(session.toString('hex'));
    return session;
  }

  closeSession(session: SessionHandle): void {
    this.#called('C_CloseSession', session);
    this.sessions.delete(session.toString('hex'));
    if (this.sessions.size === 0) this.#logOut();
  }

  isUserLoggedIn(session: SessionHandle): boolean {
    this.#called('C_GetSessionInfo', session);
    return this.#loggedIn;
  }

  login(session: SessionHandle, pin: Secret): void {
    this.#called('C_Login', session);
    if (pin.reveal() !== PIN.reveal()) throw new CryptokiError('C_Login', CKR.PIN_INCORRECT, 'CKR_PIN_INCORRECT');
    if (this.#loggedIn) throw new CryptokiError('C_Login', CKR.USER_ALREADY_LOGGED_IN);
    this.#loggedIn = true;
  }

  findObjects(session: SessionHandle, template: Template, limit: number): ObjectHandle[] {
    this.#called('C_FindObjects', session);
    const wanted = template.find(({ type }) => type === CKA.LABEL)?.value;
    const matching = this.keys.filter((label) => wanted === undefined || label === wanted);
    const found = this.#loggedIn ? matching.slice(0, limit) : [];
    return found.map((label) => {
      const handle = this.#newHandle();
      this.#objects.set(handle.toString('hex'), label);
      return handle;
    });
  }

  readAttributes(session: SessionHandle, object: ObjectHandle, types: readonly number[]): Map<number, Buffer> {
    this.#called('C_GetAttributeValue', session, object);
    const attributes = new Map([
      [CKA.LABEL, Buffer.from(this.#objects.get(object.toString('hex')) ?? '')],
      [CKA.KEY_TYPE, ulong(CKK.AES)],
      [CKA.VALUE_LEN, ulong(32)],
      [CKA.ENCRYPT, Buffer.of(1)],
      [CKA.DECRYPT, Buffer.of(1)],
    ]);
    return new Map([...attributes].filter(([type]) => types.includes(type)));
  }

  generateAesKey(session: SessionHandle, template: Template): ObjectHandle {
    this.#called('C_GenerateKey', session);
    this.keys.push(String(template.find(({ type }) => type === CKA.LABEL)?.value));
    return this.#newHandle();
  }

  destroyObject(session: SessionHandle): void {
    this.#called('C_DestroyObject', session);
  }

  generateRandom(session: SessionHandle, bytes: number): Buffer {
    this.#called('C_GenerateRandom', session);
    return this.random(bytes);
  }

  readonly blocking: CipherCalls = {
    encrypt: (session, call) => {
      this.#called('C_EncryptInit', session, call.key);
      this.#called('C_Encrypt', session);
      return this.encryptAnswer(call);
    },
    decrypt: (session, call) => {
      this.#called('C_DecryptInit', session, call.key);
      this.#called('C_Decrypt', session);
      return this.decryptAnswer(call);
    },
  };

  readonly threadpool = this.blocking;

  #called(functionName: string, session?: SessionHandle, object?: ObjectHandle): void {
    this.log.push(functionName);
    this.#fail(functionName);
    if (!this.#initialized) throw new CryptokiError(functionName, CKR.CRYPTOKI_NOT_INITIALIZED);
    if (session && !this.sessions.has(session.toString('hex'))) {
      throw new CryptokiError(functionName, CKR.SESSION_HANDLE_INVALID);
    }
    if (object && !this.#objects.has(object.toString('hex'))) {
      throw new CryptokiError(functionName, CKR.KEY_HANDLE_INVALID);
    }
  }

  #fail(functionName: string): void {
    const error = this.#failures.get(functionName)?.shift() ?? this.failing.get(functionName);
    if (error !== undefined) throw typeof error === 'number' ? new CryptokiError(functionName, error) : error;
  }

  #newHandle(): Buffer {
    this.#handles += 1;
    return ulong(this.#handles);
  }

  #logOut(): void {
    this.#loggedIn = false;
    this.#objects.clear();
  }
}

/** A logged-in user of a module and its token; `shared` is for several users, `label` is the label of the token. */
export function openFake(
  cryptoki: FakeCryptoki,
  shared = new SharedModule(cryptoki),
  label: string = TOKEN.label,
): OpenToken {
  const module = shared.share(() => undefined);
  const token = new Token(cryptoki, { label }, PIN, module.refusedPins);
  token.login();
  return {
    module,
    token,
    close: () => {
      token.close();
      module.release();
    },
  };
}

export function ulong(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

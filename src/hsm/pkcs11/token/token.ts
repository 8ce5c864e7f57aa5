import type { Secret } from '../../../secret.ts';
import type { Cryptoki, SessionHandle, TokenInfo } from '../cryptoki/cryptoki.ts';
import { CKR } from '../cryptoki/cryptokiConstants.ts';
import { CryptokiError, isAnswer } from '../cryptoki/cryptokiError.ts';
import { findToken, type TokenSelector } from './findToken.ts';
import { isLoss } from '../serving/isLoss.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import type { RefusedPins } from './refusedPins.ts';
import { showText } from './showText.ts';

const PIN_REFUSALS = [
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.PIN_LOCKED,
  CKR.USER_PIN_NOT_INITIALIZED,
];

/** A token and the login to it. A session of its own keeps the login, because a token logs out when its last session closes. */
export class Token {
  readonly #cryptoki: Cryptoki;
  readonly #selector: TokenSelector;
  readonly #pin: Secret;
  readonly #refusedPins: RefusedPins;
  #info: TokenInfo;
  #loginSession: SessionHandle | undefined;
  #isReadWriteOnly = false;

  /** Finds the token. Throws Pkcs11Failure if there is not exactly one, and CryptokiError. */
  constructor(cryptoki: Cryptoki, selector: TokenSelector, pin: Secret, refusedPins: RefusedPins) {
    this.#cryptoki = cryptoki;
    this.#selector = selector;
    this.#pin = pin;
    this.#refusedPins = refusedPins;
    this.#info = findToken(cryptoki.tokens(), selector);
  }

  get info(): TokenInfo {
    return this.#info;
  }

  /** Whether the PIN was refused, here or elsewhere in this process, so that no login can succeed. */
  get isRefused(): boolean {
    return this.#refusedPins.find(this.#info, this.#pin) !== undefined;
  }

  /** Finds the token again, which may be in another slot now. Throws as the constructor does. */
  findAgain(): void {
    this.#info = findToken(this.#cryptoki.tokens(), this.#selector);
  }

  /** Throws Pkcs11Failure if the token reports that it cannot encrypt and decrypt with AES-GCM. */
  requireAesGcm(): void {
    const { slot, label } = this.#info;
    const usages = this.#cryptoki.aesGcmUsages(slot);
    if (!usages || usages.length === 2) return;
    const lack = usages.length === 0 ? 'has no CKM_AES_GCM' : `has CKM_AES_GCM to ${usages.join()} only`;
    throw new Pkcs11Failure(
      `The token "${showText(label)}" ${lack}, and KMS needs AES-GCM. Some tokens do not have it (YubiHSM 2, opencryptoki's soft token), and p11-kit's remote modules do not pass it on before version 0.26: use another token.`,
    );
  }

  /** Logs in, or logs in again. Throws Pkcs11Failure. Once the PIN was refused, it does so without asking the token. */
  login(): void {
    const refusal = this.#refusedPins.find(this.#info, this.#pin);
    if (refusal) throw refusal;
    this.close();
    this.#loginSession = this.#openLoggedIn();
  }

  /** Checks the login and the device behind it with cheap calls. Returns the fault, or undefined if both work. */
  findFault(): CryptokiError | undefined {
    try {
      if (!this.#loginSession || !this.#cryptoki.isUserLoggedIn(this.#loginSession)) {
        return new CryptokiError('C_GetSessionInfo', CKR.USER_NOT_LOGGED_IN, 'CKR_USER_NOT_LOGGED_IN');
      }
      // A library may answer questions about a session without its device, but it cannot answer this one.
      this.#cryptoki.generateRandom(this.#loginSession, 1);
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      // A device without a random generator has answered too.
      if (isLoss(error)) return error;
    }
    return undefined;
  }

  openSession(access: 'read-only' | 'read-write' = 'read-only'): SessionHandle {
    const { slot } = this.#info;
    if (access === 'read-write' || this.#isReadWriteOnly) return this.#cryptoki.openSession(slot, 'read-write');
    try {
      return this.#cryptoki.openSession(slot, access);
    } catch (error) {
      // AWS CloudHSM answers this, because it has no read-only sessions.
      if (!isAnswer(error, CKR.FUNCTION_FAILED)) throw error;
      const session = this.#cryptoki.openSession(slot, 'read-write');
      this.#isReadWriteOnly = true;
      return session;
    }
  }

  /** Lends a new session, and closes it afterwards. */
  withSession<T>(use: (session: SessionHandle) => T, access: 'read-only' | 'read-write' = 'read-only'): T {
    const session = this.openSession(access);
    try {
      return use(session);
    } finally {
      this.closeSession(session);
    }
  }

  /** Closes the session if it still exists. */
  closeSession(session: SessionHandle): void {
    try {
      this.#cryptoki.closeSession(session);
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
    }
  }

  /** Logs out, unless this process has other sessions with the token. */
  close(): void {
    if (this.#loginSession) this.closeSession(this.#loginSession);
    this.#loginSession = undefined;
  }

  /** Drops the session. To be called after a restart of its module, which makes all sessions invalid. */
  forgetSession(): void {
    this.#loginSession = undefined;
  }

  #openLoggedIn(): SessionHandle {
    let session: SessionHandle | undefined;
    try {
      session = this.openSession();
      this.#cryptoki.login(session, this.#pin);
      return session;
    } catch (cause) {
      if (session && isAnswer(cause, CKR.USER_ALREADY_LOGGED_IN)) return session;
      if (session) this.closeSession(session);
      const pinRefused = isAnswer(cause, ...PIN_REFUSALS);
      const failure = new Pkcs11Failure(advise(this.#info, cause), { cause, pinRefused });
      if (pinRefused) this.#refusedPins.add(this.#info, this.#pin, failure);
      throw failure;
    }
  }
}

function advise({ label, slot }: TokenInfo, cause: unknown): string {
  const token = `token "${showText(label)}"`;
  if (isAnswer(cause, CKR.PIN_LOCKED)) {
    return `The user PIN of ${token} is locked. Its security officer must unlock it.`;
  }
  if (isAnswer(cause, CKR.PIN_EXPIRED)) {
    return `The user PIN of ${token} has expired. Set a new one with the vendor's tools.`;
  }
  if (isAnswer(cause, CKR.TOKEN_NOT_RECOGNIZED)) {
    return `The ${token} in slot ${slot} is not initialised. Initialise it with the vendor's tools, or select another token.`;
  }
  if (isAnswer(cause, CKR.USER_PIN_NOT_INITIALIZED)) {
    return `No user PIN is set on ${token}. Its security officer must set one.`;
  }
  if (isAnswer(cause, ...PIN_REFUSALS)) {
    return `The PIN was refused by ${token}. It was tried once. HSMs lock a user after a few attempts, and each further start or command is an attempt. Correct the PIN first.`;
  }
  return `Cannot log in to ${token}.`;
}

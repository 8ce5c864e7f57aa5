import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import { initializeToken, setUpSoftHsm } from '../../softhsm/setUp.ts';
import { Secret } from '../../src/secret.ts';

export interface SoftHsmFixture {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** The label of the first token, which has no keys. */
  readonly tokenLabel: string;
  /** The user PIN of all tokens. */
  readonly pin: Secret;
  /** Environment variables for child processes. This process has them already. */
  readonly env: { readonly SOFTHSM2_CONF: string };
  /** Adds a token. SoftHSM finds new tokens when it is initialised, so add them before opening a key manager. */
  addToken(label: string): void;
  addTokenWithoutUserPin(label: string): void;
  /**
   * Adds an AES key with a known value to the first token, or to the token with the label `token`. `attributes`
   * override the defaults, which permit all usages.
   */
  importKey(label: string, value: Buffer, attributes?: pkcs11js.Template, token?: string): void;
  /** Adds keys with many labels in one session. */
  importKeys(labels: readonly string[], value: Buffer, attributes?: pkcs11js.Template, token?: string): void;
  /** Whether there is such a key in the first token, or in the token with the label `token`. */
  hasKey(label: string, token?: string): boolean;
  /** Deletes a key of the first token, or of the token with the label `token`. */
  destroyKey(label: string, token?: string): void;
  /** Closes all sessions of this process and ends its login, like a reset of the token. */
  closeAllSessions(): void;
  /** Moves the tokens' folder away, like the loss of a disk. Returns a function that moves it back. */
  moveTokensAway(): () => void;
  /** Removes the files. Key managers must be closed before. */
  dispose(): void;
}

/** A SoftHSM in a temporary folder, used only by this process. */
export function createSoftHsm(): SoftHsmFixture {
  const directory = mkdtempSync(join(tmpdir(), 'xks-proxy-softhsm-'));
  const softHsm = setUpSoftHsm(directory);
  const { module, env } = softHsm;
  const tokenLabel = 'first';
  initializeToken(softHsm, tokenLabel);
  const pin = new Secret(readFileSync(softHsm.pinFile, 'utf8'));
  const previous = process.env['SOFTHSM2_CONF'];
  process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;

  const withSession = <T>(token: string, use: (pkcs11: pkcs11js.PKCS11, session: Buffer) => T): T => {
    // Another SoftHSM may have been made in the meantime.
    process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;
    return withPkcs11(module, (pkcs11) => {
      const session = pkcs11.C_OpenSession(
        slotOf(pkcs11, token),
        pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION,
      );
      ignoring(pkcs11js.CKR_USER_ALREADY_LOGGED_IN, () => {
        pkcs11.C_Login(session, pkcs11js.CKU_USER, pin.reveal());
      });
      const result = use(pkcs11, session);
      pkcs11.C_CloseSession(session);
      return result;
    });
  };

  const importKeys: SoftHsmFixture['importKeys'] = (labels, value, attributes = [], token = tokenLabel) => {
    withSession(token, (pkcs11, session) => {
      const given = new Set(attributes.map(({ type }) => type));
      const defaults = [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
        { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: pkcs11js.CKA_PRIVATE, value: true },
        { type: pkcs11js.CKA_SENSITIVE, value: true },
        { type: pkcs11js.CKA_ENCRYPT, value: true },
        { type: pkcs11js.CKA_DECRYPT, value: true },
        { type: pkcs11js.CKA_VALUE, value },
      ];
      for (const label of labels) {
        const all = [...defaults, { type: pkcs11js.CKA_LABEL, value: label }];
        pkcs11.C_CreateObject(session, [...attributes, ...all.filter(({ type }) => !given.has(type))]);
      }
    });
  };

  return {
    module,
    tokenLabel,
    pin,
    env,
    addToken: (label) => {
      initializeToken(softHsm, label);
    },
    addTokenWithoutUserPin: (label) => {
      withPkcs11(module, (pkcs11) => {
        pkcs11.C_InitToken(slotOf(pkcs11, ''), readFileSync(softHsm.soPinFile, 'utf8'), label.padEnd(32));
      });
    },
    importKey: (label, ...rest) => {
      importKeys([label], ...rest);
    },
    importKeys,
    hasKey: (label, token = tokenLabel) =>
      withSession(token, (pkcs11, session) => findKey(pkcs11, session, label) !== null),
    destroyKey: (label, token = tokenLabel) => {
      withSession(token, (pkcs11, session) => {
        const key = findKey(pkcs11, session, label);
        if (!key) throw new Error(`There is no key ${label} to destroy`);
        pkcs11.C_DestroyObject(session, key);
      });
    },
    closeAllSessions: () => {
      withPkcs11(module, (pkcs11) => {
        pkcs11.C_CloseAllSessions(slotOf(pkcs11, tokenLabel));
      });
    },
    moveTokensAway: () => {
      const [tokens, away] = [join(directory, 'tokens'), join(directory, 'away')];
      renameSync(tokens, away);
      return () => {
        renameSync(away, tokens);
      };
    },
    dispose: () => {
      if (previous === undefined) delete process.env['SOFTHSM2_CONF'];
      else process.env['SOFTHSM2_CONF'] = previous;
      rmSync(directory, { recursive: true });
    },
  };
}

/** Uses the module beside the code under test. Both share the module's state, which is one per process. */
function withPkcs11<T>(module: string, use: (pkcs11: pkcs11js.PKCS11) => T): T {
  const pkcs11 = new pkcs11js.PKCS11(module);
  const ours = ignoring(pkcs11js.CKR_CRYPTOKI_ALREADY_INITIALIZED, () => {
    pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  });
  try {
    return use(pkcs11);
  } finally {
    if (ours) pkcs11.C_Finalize();
  }
}

function slotOf(pkcs11: pkcs11js.PKCS11, label: string): Buffer {
  const slot = pkcs11.C_GetSlotList(true).find((candidate) => pkcs11.C_GetTokenInfo(candidate).label.trim() === label);
  if (!slot) throw new Error(`There is no token ${label}`);
  return slot;
}

function findKey(pkcs11: pkcs11js.PKCS11, session: Buffer, label: string): Buffer | null {
  pkcs11.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: label }]);
  const key = pkcs11.C_FindObjects(session);
  pkcs11.C_FindObjectsFinal(session);
  return key;
}

/** Whether the call succeeded. Returns false if it failed with this code. */
function ignoring(code: number, call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof pkcs11js.Pkcs11Error && error.code === code) return false;
    throw error;
  }
}

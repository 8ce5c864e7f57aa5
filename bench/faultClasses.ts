import { mkdtempSync, renameSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Fault } from '../test/support/faultyModule.ts';
import type { FaultyHsm } from './faultyHsm.ts';

/** Outcome of a request: `ok`, the errorName of the answer, `no answer` or `wrong answer`. */
export type Outcome = string;

/** Failures that the contract allows between a fault and its end as KMS sees it. No failure is allowed afterwards. */
export interface Rule {
  readonly outcomes: readonly Outcome[];
  /** Outcomes allowed until GetHealthStatus first reports that an HSM is unavailable. */
  readonly untilNoticed?: readonly Outcome[];
  /** Largest number of failures. Any number if absent. */
  readonly atMost?: number;
  /** Description for the table. */
  readonly text: string;
}

export interface FaultClass {
  readonly name: string;
  /** Faults of the only HSM, or of the first of two. */
  readonly faults?: readonly Fault[];
  /** Causes a further fault of that HSM. Returns a function that ends this fault. */
  readonly strikes?: (hsm: FaultyHsm) => () => void;
  /** Whether the proxy has repaired that HSM, as it must in the end. */
  readonly isMended?: (hsm: FaultyHsm) => boolean;
  /** Duration of the fault in seconds. If absent, it lasts while the class is measured. */
  readonly seconds?: number;
  /** Set if the fault ends the process, which its supervisor then starts again. */
  readonly endsProcess?: boolean;
  /** Rules with one key manager, and with two. */
  readonly single: Rule;
  readonly replicated: Rule;
}

const none: Rule = { outcomes: [], text: 'none' };
const whileGone: Rule = { outcomes: ['InternalException'], text: 'InternalException until it is back' };
const whileWrong: Rule = { outcomes: ['InternalException'], text: 'InternalException, and nothing returned' };
const whileBroken: Rule = {
  outcomes: ['InternalException'],
  untilNoticed: ['InvalidCiphertextException'],
  text: 'InvalidCiphertextException until the proxy says UNAVAILABLE, InternalException',
};
const unseen = { single: none, replicated: none };

const CIPHERS = ['C_Encrypt', 'C_Decrypt'] as const;

const DEVICE_ERRORS = {
  CKR_GENERAL_ERROR: 0x05,
  CKR_DEVICE_ERROR: 0x30,
  CKR_DEVICE_REMOVED: 0x32,
  CKR_TOKEN_NOT_PRESENT: 0xe0,
  CKR_CRYPTOKI_NOT_INITIALIZED: 0x190,
};

/** Moves a folder away. Returns a function that moves it back. */
function moveAway(folder: string): () => void {
  // In the folder beside it, SoftHSM could find it as another token.
  const away = mkdtempSync(join(tmpdir(), 'xks-proxy-away-'));
  renameSync(folder, join(away, 'tokens'));
  return () => {
    renameSync(join(away, 'tokens'), folder);
    rmdirSync(away);
  };
}

export const FAULT_CLASSES: readonly FaultClass[] = [
  { name: 'none', faults: [], ...unseen },
  { name: 'one stale session', faults: [{ on: 'C_EncryptInit', does: 'close-session', times: 1 }], ...unseen },
  { name: 'all sessions closed', faults: [{ on: 'C_DecryptInit', does: 'close-all-sessions', times: 1 }], ...unseen },
  { name: 'login lost', faults: [{ on: 'C_EncryptInit', does: 'log-out', times: 1 }], ...unseen },
  { name: 'key handles invalid', faults: [{ on: 'C_DecryptInit', does: 'invalidate-handles', times: 1 }], ...unseen },
  ...Object.entries(DEVICE_ERRORS).map(([name, code]) => ({
    name: `${name} of every call for 1 s`,
    faults: [{ on: '*', does: 'answer', code }] as const,
    seconds: 1,
    single: whileGone,
    replicated: none,
  })),
  {
    name: 'HSM gone for 2 s',
    // The library may still know its sessions, but its device does nothing.
    faults: (['C_GetSlotList', 'C_OpenSession', 'C_GenerateRandom', 'C_EncryptInit', 'C_DecryptInit'] as const).map(
      (on) => ({ on, does: 'answer', code: 0x32 }),
    ),
    seconds: 2,
    single: whileGone,
    replicated: none,
  },
  {
    name: 'one call hangs for 2 s',
    faults: [{ on: 'C_Encrypt', does: 'hang', times: 1 }],
    seconds: 2,
    single: { outcomes: ['DependencyTimeoutException'], atMost: 1, text: 'one DependencyTimeoutException' },
    replicated: none,
  },
  {
    name: 'every call hangs for 2 s',
    faults: CIPHERS.map((on) => ({ on, does: 'hang' })),
    seconds: 2,
    single: {
      outcomes: ['DependencyTimeoutException', 'ThrottlingException'],
      text: 'DependencyTimeoutException, ThrottlingException until it is back',
    },
    replicated: none,
  },
  {
    name: 'every call takes 50 ms',
    faults: CIPHERS.map((on) => ({ on, does: 'delay', milliseconds: 50 })),
    ...unseen,
  },
  {
    name: 'a bit of each ciphertext flipped',
    faults: [{ on: 'C_Encrypt', does: 'flip-bit', byte: 7 }],
    single: whileWrong,
    replicated: none,
  },
  {
    name: 'a bit of each tag flipped',
    faults: [{ on: 'C_Encrypt', does: 'flip-bit', byte: 40 }],
    single: whileWrong,
    replicated: none,
  },
  {
    name: 'garbage after each result',
    faults: CIPHERS.map((on) => ({ on, does: 'change-length', by: 12 })),
    single: whileWrong,
    replicated: none,
  },
  {
    name: 'every C_Decrypt answers CKR_GENERAL_ERROR',
    faults: [{ on: 'C_Decrypt', does: 'answer', code: DEVICE_ERRORS.CKR_GENERAL_ERROR }],
    single: whileBroken,
    replicated: {
      outcomes: [],
      untilNoticed: ['InvalidCiphertextException'],
      text: 'InvalidCiphertextException until the proxy says UNAVAILABLE',
    },
  },
  {
    name: 'two values of C_GenerateRandom in turn',
    faults: [{ on: 'C_GenerateRandom', does: 'repeat-random', values: 2 }],
    single: { outcomes: ['InternalException'], text: 'InternalException, and no IV twice' },
    replicated: none,
  },
  {
    name: 'the token moved away for 1 s',
    strikes: ({ tokenFolder }) => moveAway(tokenFolder),
    seconds: 1,
    single: whileGone,
    replicated: none,
  },
  {
    name: 'all tokens moved away for 1 s',
    strikes: ({ tokenFolder }) => moveAway(dirname(tokenFolder)),
    seconds: 1,
    single: whileGone,
    replicated: whileGone,
  },
  {
    name: 'the health key deleted',
    strikes: (hsm) => {
      hsm.destroyHealthKey();
      return () => undefined;
    },
    isMended: (hsm) => hsm.hasHealthKey(),
    single: { outcomes: ['InternalException'], text: 'InternalException until it is made again' },
    replicated: none,
  },
  {
    name: 'the process aborted by the library',
    faults: [{ on: 'C_Encrypt', does: 'abort' }],
    endsProcess: true,
    single: { outcomes: ['no answer'], text: 'no answer until it is started again' },
    replicated: { outcomes: ['no answer'], text: 'no answer until it is started again' },
  },
];

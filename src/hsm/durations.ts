import type { BackOffDurations } from '../timing/backOff.ts';

/** The durations of a key manager's life, in milliseconds. README.md of this folder says what each is for. */
export interface KeyManagerDurations {
  /** Between attempts to repair a lost token. */
  readonly repair: BackOffDurations;
  /** Between attempts to open a key manager that did not open, or whose thread has ended. */
  readonly reopen: BackOffDurations;
  /** If no operation has succeeded for so long although the login stands, the module is restarted. */
  readonly stuckMs: number;
  /** For the calls that run when a stuck module is to be restarted, since they prevent it. */
  readonly callsEndMs: number;
  /** After this time a key is looked for again, because its label may have been given to another one. */
  readonly keyAgeMs: number;
  /** One kind of loss is logged once in this time, and a missing health key made once, so that neither fills the log. */
  readonly quietMs: number;
  /** For the thread of a module to end, once its key managers are closed. */
  readonly threadEndMs: number;
}

export const KEY_MANAGER_DURATIONS: KeyManagerDurations = {
  repair: { firstMs: 25, longestMs: 5_000 },
  reopen: { firstMs: 1_000, longestMs: 30_000 },
  // Longer than the health probe's interval: with a token that works for any key, some operation succeeds in this time.
  stuckMs: 15_000,
  callsEndMs: 100,
  keyAgeMs: 30_000,
  quietMs: 10_000,
  threadEndMs: 1_000,
};

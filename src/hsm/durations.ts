import type { BackOffDurations } from '../timing/backOff.ts';

/** The durations of a key manager's life, in milliseconds. README.md of this folder says what each is for. */
export interface KeyManagerDurations {
  /** Pauses between attempts to repair a lost token. */
  readonly repair: BackOffDurations;
  /** Pauses between attempts to open a key manager that did not open, or whose thread has ended. */
  readonly reopen: BackOffDurations;
  /** If no operation has succeeded for this long although the login is valid, the module is restarted. */
  readonly stuckMs: number;
  /** Time for running calls to end before a stuck module is restarted. A running call prevents the restart. */
  readonly callsEndMs: number;
  /** After this time a key is searched for again, because its label may have been given to another key. */
  readonly keyAgeMs: number;
  /** In this time, one kind of loss is logged at most once, and a missing health key is made at most once. */
  readonly quietMs: number;
  /** Time for the thread of a module to end, once its key managers are closed. */
  readonly threadEndMs: number;
}

export const KEY_MANAGER_DURATIONS: KeyManagerDurations = {
  repair: { firstMs: 25, longestMs: 5_000 },
  reopen: { firstMs: 1_000, longestMs: 30_000 },
  // Longer than the interval of the health probe, so that some operation succeeds in this time on a token that works for any key.
  stuckMs: 15_000,
  callsEndMs: 100,
  keyAgeMs: 30_000,
  quietMs: 10_000,
  threadEndMs: 1_000,
};

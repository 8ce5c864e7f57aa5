import type { AadFields, KeySelector, Sealed } from '../../keyManager.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { Pkcs11Options } from '../serving/servingKeyManager.ts';
import type { RefusedPinRecord } from '../token/refusedPins.ts';
import type { WireError } from './wireError.ts';

// What crosses between the main thread and the thread of a module, by structured clone: plain values, and bytes in memory of
// their own.

/** What a module thread is started with. */
export interface ThreadData {
  /** machineMs() when the clock of the main thread was 0: the thread's clock is then the same. */
  readonly clockOrigin: number;
  readonly refusedPins: readonly RefusedPinRecord[];
  readonly reclaim: boolean;
}

export type WireOptions = Omit<Pkcs11Options, 'pin'> & { readonly pin: string };

/** A method of a key manager, or `open`, which makes one. */
export type Call =
  | { readonly method: 'open'; readonly args: readonly [options: WireOptions] }
  | { readonly method: 'describeKey'; readonly args: readonly [key: KeySelector] }
  | { readonly method: 'encrypt'; readonly args: readonly [key: KeySelector, plaintext: Uint8Array, aad: Uint8Array] }
  | {
      readonly method: 'encryptWithCdiv';
      readonly args: readonly [key: KeySelector, plaintext: Uint8Array, fields: AadFields];
    }
  | { readonly method: 'decrypt'; readonly args: readonly [key: KeySelector, sealed: Sealed, aad: Uint8Array] }
  | { readonly method: 'describe' | 'checkHealth' | 'close'; readonly args: readonly [] };

/** A call, to a module thread, which answers it. The deadline is on the clock of both. */
export type Request = Call & { readonly id: number; readonly keyManager: string; readonly deadline: number };

/** To a module thread: it ends by itself, since to stop one while a call of the module is running would crash the process. */
export const END = 'end';

/** From a module thread. */
export type Message =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'refused'; readonly refused: RefusedPinRecord }
  | {
      readonly type: 'log';
      readonly level: keyof Pkcs11Logger;
      readonly fields: object;
      readonly message: string;
    };

import type { KeyManager } from '../../keyManager.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { Pkcs11Options } from '../serving/servingKeyManager.ts';
import type { RefusedPinRecord } from '../token/refusedPins.ts';

// What crosses between the main thread and the thread of a module, by structured clone: plain values, and bytes in memory of
// their own. Type aliases, as Peer needs them.

/** What a module thread is started with. */
export interface ThreadData {
  /** machineMs() when the clock of the main thread was 0: the thread's clock is then the same. */
  readonly clockOrigin: number;
  readonly refusedPins: readonly RefusedPinRecord[];
  readonly reclaim: boolean;
}

/** Calls of a module thread, which has key managers by their ids. */
export type ThreadCalls = {
  /** Opens a key manager as openServingKeyManager does. */
  open(options: OpenOptions): Promise<void>;
  /** Calls a method of a key manager. Resolves to what it resolves to. */
  operate(operation: Operation): Promise<unknown>;
  close(id: string): Promise<void>;
  /** Ends the thread by itself: to stop it while a call of the module is running would crash the process. */
  end(): void;
};

export type OpenOptions = Omit<Pkcs11Options, 'pin'> & { readonly id: string; readonly pin: string };

/** A call of a key manager's method. RemoteKeyManager sees to it that `args` are those of the method. */
export interface Operation {
  /** The key manager's. */
  readonly id: string;
  readonly name: OperationName;
  readonly args: readonly unknown[];
  /** The last argument, on the clock of both threads. */
  readonly deadline: number;
}

/** Methods of a key manager that ask the HSM. */
export type OperationName = Exclude<keyof KeyManager, 'name' | 'timeoutMs' | 'load' | 'close'>;

/** Their arguments before the deadline. */
export type ArgumentsOf<Name extends OperationName> =
  Required<Parameters<KeyManager[Name]>> extends [...infer Args, number] ? Args : [];

export type ResultOf<Name extends OperationName> = Awaited<ReturnType<KeyManager[Name]>>;

/** Calls of the main thread: what a module thread tells it, one-way. */
export type MainCalls = {
  log(line: LogLine): void;
  pinRefused(refused: RefusedPinRecord): void;
};

export interface LogLine {
  readonly level: keyof Pkcs11Logger;
  readonly fields: object;
  readonly message: string;
}

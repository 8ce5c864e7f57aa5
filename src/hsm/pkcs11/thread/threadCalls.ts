import type { KeyManager } from '../../keyManager.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { Pkcs11Options } from '../serving/servingKeyManager.ts';
import type { RefusedPinRecord } from '../token/refusedPins.ts';

// Values that cross between the main thread and a module thread, by structured clone: plain values, and bytes in memory of their
// own. Type aliases, as Peer needs them.

/** The data that a module thread starts with. */
export interface ThreadData {
  /** machineMs() when the main thread's clock was 0. With it, the thread sets its clock to the same time. */
  readonly clockOrigin: number;
  readonly refusedPins: readonly RefusedPinRecord[];
  readonly reclaim: boolean;
}

/** Calls of a module thread, which finds its key managers by their ids. */
export type ThreadCalls = {
  /** Opens a key manager as openServingKeyManager does. */
  open(options: OpenOptions): Promise<void>;
  /** Calls a method of a key manager, and resolves to the method's result. */
  operate(operation: Operation): Promise<unknown>;
  close(id: string): Promise<void>;
  /** Makes the thread end by itself: stopping it from outside during a call of the module would crash the process. */
  end(): void;
};

export type OpenOptions = Omit<Pkcs11Options, 'pin'> & { readonly id: string; readonly pin: string };

/** A call of a key manager's method. RemoteKeyManager ensures that `args` fit the method. */
export interface Operation {
  /** Id of the key manager. */
  readonly id: string;
  readonly name: OperationName;
  readonly args: readonly unknown[];
  /** The last argument, on the clock that both threads share. */
  readonly deadline: number;
}

/** Methods of a key manager that use the HSM. */
export type OperationName = Exclude<keyof KeyManager, 'name' | 'timeoutMs' | 'load' | 'close'>;

/** Arguments of these methods, without the deadline. */
export type ArgumentsOf<Name extends OperationName> =
  Required<Parameters<KeyManager[Name]>> extends [...infer Args, number] ? Args : [];

export type ResultOf<Name extends OperationName> = Awaited<ReturnType<KeyManager[Name]>>;

/** Calls of the main thread, which a module thread makes one-way. */
export type MainCalls = {
  log(line: LogLine): void;
  pinRefused(refused: RefusedPinRecord): void;
};

export interface LogLine {
  readonly level: keyof Pkcs11Logger;
  readonly fields: object;
  readonly message: string;
}

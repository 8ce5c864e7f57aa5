import type { Readable, Writable } from 'node:stream';
import type { ProcessChannel } from '../messaging/processChannel.ts';
import type { SupervisorLink } from '../server/workers/worker.ts';

/** Parts of its process that a command may use. Only `program.ts` makes one from the real process. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration of a command that is given none. */
  readonly defaultConfigFile: string;
  /** Writes to standard output. */
  out(text: string): void;
  /** Where `serve` writes its log: standard output, whichever process it is. */
  readonly logDescriptor: number;
  /** Writes to standard error: progress, warnings. */
  readonly err: (text: string) => void;
  /** Where the process is given lines and passwords, and where it asks for them. */
  readonly prompts: PromptStreams;
  /** Whether a person is looking at standard error, so that progress may be redrawn. */
  readonly interactive: boolean;
  /** Gives libuv's pool so many threads, unless the environment says how many; before its first use only. */
  sizeThreadPool(threads: number): void;
  /** Ends the process at once, with exit code 1 and this message on standard error. */
  abort(message: string): never;
  /** Aborted when the process is asked to stop (SIGINT, SIGTERM; SIGHUP unless `onHangup` was called). */
  readonly stop: AbortSignal;
  /** From now on, SIGHUP calls this and stops nothing. */
  onHangup(listener: () => void): void;
  /** Command line that runs this program again, without the arguments. */
  readonly program: readonly [string, ...string[]];
  /** How many processes can work at once. */
  readonly cores: number;
  /** The channel to the process that has started this one; undefined if it has made none. */
  readonly parent: ProcessChannel | undefined;
  /** What a worker process has of its supervisor; undefined in any other process. */
  readonly supervisor: SupervisorLink | undefined;
}

export interface PromptStreams {
  /** Standard input. */
  readonly input: Readable & { readonly isTTY?: boolean };
  /** The terminal, or standard error if the input is none. */
  readonly output: Writable;
}

/** A command that was refused or failed: its message is printed on standard error and the process exits with 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** A command that was refused or failed and has said so itself: the process exits with 1. */
export class FailureTold extends Error {
  override readonly name = 'FailureTold';
}

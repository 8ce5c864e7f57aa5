import type { Readable, Writable } from 'node:stream';
import type { ProcessChannel } from '../messaging/processChannel.ts';
import type { SupervisorLink } from '../server/workers/worker.ts';

/** Parts of its process that a command may use. Only `program.ts` makes one from the real process. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Configuration file of a command without `--config`. */
  readonly defaultConfigFile: string;
  /** Writes to standard output. Characters that a terminal would obey or not show are escaped. */
  out(text: string): void;
  /** Descriptor of the log of `serve`: standard output, or a worker's own descriptor for the log. */
  readonly logDescriptor: number;
  /** Writes to standard error: progress, warnings. Escapes like `out`. */
  readonly err: (text: string) => void;
  /** Writes a line to standard error in place of the last one; without a text, only removes that one. For a terminal. */
  readonly redraw: (text?: string) => void;
  /** Streams from which the process reads lines and passwords, and where it asks for them. */
  readonly prompts: PromptStreams;
  /** Whether a person watches standard error, so that progress may be redrawn. */
  readonly interactive: boolean;
  /**
   * Sets the size of libuv's thread pool, unless the environment sets it. It has an effect only before the first use of the pool.
   */
  sizeThreadPool(threads: number): void;
  /** Ends the process at once, with exit code 1 and this message on standard error. */
  abort(message: string): never;
  /** Aborted when the process is asked to stop: SIGINT, SIGTERM, or SIGHUP unless `onHangup` was called. */
  readonly stop: AbortSignal;
  /** Makes SIGHUP call this listener, and no longer stop the process. */
  onHangup(listener: () => void): void;
  /** Command line that runs this program again, without the arguments. */
  readonly program: readonly [string, ...string[]];
  /** Number of processes that can run at the same time. */
  readonly cores: number;
  /** The channel to the process that has started this one. Undefined if that process made none. */
  readonly parent: ProcessChannel | undefined;
  /** The link of a worker process to its supervisor. Undefined in any other process. */
  readonly supervisor: SupervisorLink | undefined;
}

export interface PromptStreams {
  /** Standard input. */
  readonly input: Readable & { readonly isTTY?: boolean };
  /** The terminal, or standard error if the input is not a terminal. */
  readonly output: Writable;
}

/** A command was refused or failed. Its message is printed on standard error, and the process exits with status 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** A command was refused or failed, and has already said so. The process exits with status 1. */
export class FailureTold extends Error {
  override readonly name = 'FailureTold';
}

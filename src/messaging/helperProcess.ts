import { spawn, type ChildProcess } from 'node:child_process';
import { PROCESS_ENVIRONMENT } from '../processFlags.ts';
import { Peer, type Offer, type PeerOptions } from './peer.ts';
import { processChannel } from './processChannel.ts';

export interface HelperOptions extends PeerOptions {
  /** Environment variables of the process, in addition to PROCESS_ENVIRONMENT. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A process of this program that another one has started, and that answers calls. Its output is discarded. */
export class HelperProcess<Calls extends Offer<Calls>> {
  readonly pid: number | undefined;
  readonly peer: Peer<Calls>;
  /** Resolves when the process has ended, to its exit code, its signal, or the reason why it did not start. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  constructor([command, ...args]: readonly [string, ...string[]], { env, ...options }: HelperOptions) {
    this.#child = spawn(command, args, {
      env: { ...PROCESS_ENVIRONMENT, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.pid = this.#child.pid;
    this.peer = new Peer<Calls>(processChannel(this.#child), options);
    this.ended = endOf(this.#child).then((end) => {
      this.peer.end(end);
      return end;
    });
  }

  /** Closes the channel. For the process, this is the same as the end of this process. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const settle = (code: number | null, signal: NodeJS.Signals | null) => {
    resolve(signal ?? `exit code ${String(code)}`);
  };
  child
    .once('error', (error) => {
      resolve(error.message);
    })
    // 'close' comes after the exit and the last message. Node does not emit it if this process has closed the channel.
    .once('close', settle)
    .once('exit', (code, signal) => {
      if (!child.connected) settle(code, signal);
    });
  return promise;
}

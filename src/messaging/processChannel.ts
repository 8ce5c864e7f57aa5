import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';

/** This process, if it has a parent, or a child process. */
interface IpcEnd {
  send?(
    message: unknown,
    handle: Socket | undefined,
    options: { readonly keepOpen: boolean },
    callback: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  readonly channel?: { unref(): void } | null | undefined;
}

/** The channel to a parent or child process. */
export interface ProcessChannel extends Channel {
  /** Makes this process no longer wait for messages before it ends. */
  release(): void;
  /** Calls the listener when the other process has ended for any reason, or has closed the channel. */
  onEnd(listener: () => void): void;
}

/** `ipc` is `process`, or a ChildProcess. */
export function processChannel(ipc: IpcEnd): ProcessChannel {
  return {
    send: (message, { handle, onFailure } = {}) => {
      ipc.send?.(message, handle, { keepOpen: true }, (error) => {
        if (error) onFailure?.();
      });
    },
    onMessage: (listener) => {
      ipc.on('message', (message, handle) => {
        listener(message, handle as Socket | undefined);
      });
    },
    release: () => ipc.channel?.unref(),
    onEnd: (listener) => {
      ipc.once('disconnect', listener);
    },
  };
}

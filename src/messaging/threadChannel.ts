import type { Channel } from './channel.ts';

/** A Worker, or the MessagePort to its parent thread. */
interface ThreadEnd {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** The channel to another thread. Messages to a thread that has ended are dropped. */
export function threadChannel(end: ThreadEnd): Channel {
  return {
    send: (message) => {
      end.postMessage(message);
    },
    onMessage: (listener) => {
      end.on('message', listener);
    },
  };
}

import type { Socket } from 'node:net';

/** One end of a channel to another process or thread. Messages arrive in the order in which they were sent. */
export interface Channel {
  /**
   * Sends a message. Throws if the message cannot be copied. `onFailure` is called later if it cannot be sent because the other
   * end is gone.
   */
  send(message: unknown, options?: SendOptions): void;
  /** Calls the listener for each message. `handle` is undefined if none was sent, or if its client disconnected earlier. */
  onMessage(listener: (message: unknown, handle?: Socket) => void): void;
}

export interface SendOptions {
  /** A connection for the other end, between processes only. This end keeps its own descriptor. */
  readonly handle?: Socket | undefined;
  readonly onFailure?: () => void;
}

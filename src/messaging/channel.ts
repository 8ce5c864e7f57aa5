import type { Socket } from 'node:net';

/** One end of a channel to another process or thread, which keeps messages in order. */
export interface Channel {
  /** Throws if the message cannot be copied. `onFailure` is told later if it cannot be sent, because the other end is gone. */
  send(message: unknown, options?: SendOptions): void;
  /** `handle`: undefined if none was sent, or its client was gone before. */
  onMessage(listener: (message: unknown, handle?: Socket) => void): void;
}

export interface SendOptions {
  /** A connection for the other end, between processes only. This end keeps its own descriptor of it. */
  readonly handle?: Socket | undefined;
  readonly onFailure?: () => void;
}

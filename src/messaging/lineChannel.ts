import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';

const NEWLINE = 0x0a;

export interface LineChannelOptions {
  /** Longest line that is taken, in bytes. */
  readonly maxBytes: number;
  /** Told, in words, of the first line that cannot be taken; nothing is read after it. */
  readonly onRefused: (reason: string) => void;
}

/**
 * The channel to a process that this one has not started, over a socket: each message is a line of JSON, an object. Anything may come
 * from the other end, and messages are passed on as they are.
 */
export function lineChannel(socket: Socket, { maxBytes, onRefused }: LineChannelOptions): Channel {
  let listener: (message: object) => void = () => undefined;
  let rest: Buffer = Buffer.alloc(0);
  const isEnded = () => socket.writableEnded;
  const refuse = (reason: string): void => {
    socket.removeListener('data', read);
    rest = Buffer.alloc(0);
    onRefused(reason);
  };
  const read = (chunk: Buffer): void => {
    if (isEnded()) return;
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      if (end > maxBytes) break;
      const message = parse(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      // The listener may have ended the connection.
      if (isEnded()) return;
      if (message) listener(message);
      else refuse('A line must be a JSON object.');
    }
    if (rest.length > maxBytes) refuse(`A line may have ${maxBytes} bytes.`);
  };
  socket.on('data', read);
  return {
    send: (message, { onFailure } = {}) => {
      socket.write(`${JSON.stringify(message)}\n`, (error) => {
        if (error) onFailure?.();
      });
    },
    onMessage: (next) => {
      listener = next;
    },
  };
}

function parse(line: Buffer): object | undefined {
  try {
    const message: unknown = JSON.parse(line.toString());
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}

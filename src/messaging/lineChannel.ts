import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';

const NEWLINE = 0x0a;

export interface LineChannelOptions {
  /** Bytes of the longest line that is accepted. */
  readonly maxBytes: number;
  /** Called with the reason why the first refused line was refused. Nothing after that line is read. */
  readonly onRefused: (reason: string) => void;
}

/**
 * A channel over a socket to a process that this one has not started. Each message is a JSON object on one line. The other end
 * may send anything, and messages are passed on unchecked.
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
    if (rest.length > maxBytes) refuse(`A line may have at most ${maxBytes} bytes.`);
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

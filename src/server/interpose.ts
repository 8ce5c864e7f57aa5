import type { Server, Socket } from 'node:net';

/**
 * Calls `gate` with each new stream of a server before the server's own listeners. The listeners get the stream when `proceed` is
 * called.
 */
export function interpose(
  server: Server,
  event: 'connection' | 'secureConnection',
  gate: (stream: Socket, proceed: () => void) => void,
): void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (stream: Socket) => {
    gate(stream, () => {
      for (const listener of listeners) listener.call(server, stream);
    });
  });
}

import type { Server, Socket } from 'node:net';

/** Has `gate` look at a server's new streams before the server's own listeners do: they get one when `proceed` is called. */
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

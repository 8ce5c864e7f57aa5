import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
}

/**
 * Has a server listen, and resolves to its address. Rejects with what the system says: EADDRINUSE, EACCES. `onError` is told of later
 * errors, such as a connection that cannot be accepted for lack of file descriptors; the server goes on.
 */
export async function listenOn(
  server: Server,
  { host, port }: ListenAddress,
  onError: (error: NodeJS.ErrnoException) => void,
): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening');
  server.on('error', onError);
  return server.address() as AddressInfo;
}

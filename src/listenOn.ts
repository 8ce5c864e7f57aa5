import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
}

const DESCRIPTOR_CHECK_MS = 1_000;

/**
 * Starts listening, and resolves to the server's address. Rejects with the system's error, such as EADDRINUSE or EACCES. Calls `onError`
 * for later errors, after which the server goes on, and once a second with EMFILE or ENFILE while connections are lost because no file
 * descriptor is free.
 */
export async function listenOn(
  server: Server,
  { host, port }: ListenAddress,
  onError: (error: NodeJS.ErrnoException) => void,
): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening');
  server.on('error', onError);
  // Without a descriptor, libuv closes new connections or leaves them waiting, and Node is not told.
  const timer = setInterval(checkDescriptors, DESCRIPTOR_CHECK_MS, onError).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
  return server.address() as AddressInfo;
}

function checkDescriptors(onError: (error: NodeJS.ErrnoException) => void): void {
  try {
    closeSync(openSync('/', 'r'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE') onError(error as NodeJS.ErrnoException);
  }
}

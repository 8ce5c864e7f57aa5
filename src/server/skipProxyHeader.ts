import type { Server, Socket } from 'node:net';
import { interpose } from './interpose.ts';
import { LISTEN_DURATIONS } from './listenDurations.ts';
import { readProxyHeader } from './readProxyHeader.ts';

const FIRST_BYTE_OF_HEADER = 0x0d;
const { proxyHeaderMs: TIMEOUT_MS } = LISTEN_DURATIONS;

/**
 * Lets connections begin with or without a PROXY protocol v2 header, and ignores its contents. A Network Load Balancer that sends
 * the header to its targets also sends it to their health check port. Other clients of that port do not.
 */
export function skipProxyHeader(server: Server): void {
  interpose(server, 'connection', (socket, proceed) => {
    skip(socket).then(proceed, () => socket.destroy());
  });
}

async function skip(socket: Socket): Promise<void> {
  const first = await firstByte(socket);
  socket.unshift(first);
  if (first[0] === FIRST_BYTE_OF_HEADER) await readProxyHeader(socket, TIMEOUT_MS);
}

/** Rejects if no byte comes. */
async function firstByte(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const read = () => {
    const byte = socket.read(1) as Buffer | null;
    if (byte) resolve(byte);
  };
  const fail = () => {
    reject(new Error('no byte came'));
  };
  const timer = setTimeout(fail, TIMEOUT_MS);
  socket.on('readable', read).on('end', fail).on('error', fail).on('close', fail);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    // The listener for errors stays until the server has its own.
    socket.off('readable', read).off('end', fail).off('close', fail);
  }
}

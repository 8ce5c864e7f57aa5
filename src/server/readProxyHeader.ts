import type { Readable } from 'node:stream';
import { parseProxyHeader, PROXY_PREFIX_BYTES, proxyRestBytes, type ProxyHeader } from './proxyHeader.ts';

/**
 * Reads the PROXY protocol header at the beginning of a connection, and not a byte more. Resolves to undefined if this side has
 * destroyed the socket. Throws if no header comes within `timeoutMs`, or if it is invalid.
 */
export async function readProxyHeader(socket: Readable, timeoutMs: number): Promise<ProxyHeader | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<ProxyHeader | undefined>();
  let prefix: Buffer | undefined;
  const take = (bytes: number): Buffer | undefined => {
    const taken = (bytes === 0 ? Buffer.alloc(0) : socket.read(bytes)) as Buffer | null;
    // At the end of a stream, read returns the bytes that are left.
    return taken?.length === bytes ? taken : undefined;
  };
  const read = (): void => {
    try {
      prefix ??= take(PROXY_PREFIX_BYTES);
      const rest = prefix && take(proxyRestBytes(prefix));
      if (!prefix || !rest) return;
      // At once: what comes now is not for us.
      socket.off('readable', read);
      resolve(parseProxyHeader(Buffer.concat([prefix, rest])));
    } catch (error) {
      reject(error);
    }
  };
  const end = (): void => {
    reject(new Error('ended before its PROXY protocol header'));
  };
  const close = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(() => {
    reject(new Error('no PROXY protocol header in time'));
  }, timeoutMs);
  socket.on('readable', read).on('end', end).on('error', reject).on('close', close);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.off('readable', read).off('end', end).off('close', close);
    // The handler of errors stays, because the next owner of the socket may add one only later.
  }
}

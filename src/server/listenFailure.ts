/** A port cannot be listened on; the message says where, and what the system said. */
export class ListenFailure extends Error {
  override readonly name = 'ListenFailure';

  constructor(host: string, port: number, cause: unknown) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? `${code}, another process uses it` : code;
    super(`cannot listen on ${host} port ${port}: ${reason}`, { cause });
  }
}

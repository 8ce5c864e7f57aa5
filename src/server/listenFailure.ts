import type { ListenAddress } from '../listenOn.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses it',
  EADDRNOTAVAIL: 'no interface of this machine has the address',
  EACCES: 'this user may not; ports below 1024 need a privilege',
};

/**
 * A port cannot be listened on. The message says which one, and the system's error. `listener`: the section of the configuration
 * that has its host and port; undefined if they come from elsewhere.
 */
export class ListenFailure extends Error {
  override readonly name = 'ListenFailure';

  constructor({ host, port }: ListenAddress, cause: unknown, listener?: 'server' | 'monitoring') {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    const known = REASONS[code];
    const reason = known === undefined ? code : `${code}, ${known}`;
    const message = `cannot listen on ${host} port ${port}: ${reason}`;
    // Either of the two listeners may have failed, and both may have the same host.
    super(listener ? `${listener}: ${message}; ${adviceFor(code, listener)}` : message, { cause });
  }
}

function adviceFor(code: string, listener: string): string {
  if (code === 'EADDRINUSE') return `end that process, or change ${listener}.port in the configuration`;
  return `change ${listener}.${code === 'EACCES' ? 'port' : 'host'} in the configuration`;
}

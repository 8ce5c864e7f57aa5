import { printable } from './printable.ts';
import type { ProxyConnection } from './proxyConnection.ts';
import { XksProxyFailure, type FailureReason } from './xksProxyFailure.ts';

/** Why no answer came, by how far the connection had come; undefined: there was none yet. */
export function connectionFailure(error: unknown, connection: ProxyConnection | undefined): XksProxyFailure {
  const { code = '' } = error as NodeJS.ErrnoException;
  const [reason, what] = explain(code, connection);
  return new XksProxyFailure(reason, printable(`${what}: ${describe(error)}`));
}

function explain(code: string, connection: ProxyConnection | undefined): [reason: FailureReason, what: string] {
  switch (connection?.phase) {
    case undefined:
      return ['Internal', 'no request'];
    case 'connecting':
      return ['NotReachable', 'no TCP connection'];
    case 'handshake':
      return code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? ['InvalidTlsName', 'certificate for another name']
        : ['InvalidTls', 'no TLS connection'];
    case 'open':
      if (code.startsWith('HPE_')) return ['InvalidResponse', 'not HTTP'];
      // Refused client certificates: in TLS 1.3 the client has finished its handshake before the server looks at them.
      return connection.tlsVersion === 'TLSv1.3' && connection.bytesReceived === 0
        ? ['ConnectionLost', 'closed without an answer, as by a proxy that refuses the client certificate']
        : ['ConnectionLost', 'closed before the end of the answer'];
  }
}

/** The time for an answer ran out. */
export function lateFailure(connection: ProxyConnection | undefined, answerWithinMs: number): XksProxyFailure {
  return connection?.phase === 'connecting'
    ? new XksProxyFailure('NotReachable', `no TCP connection within ${answerWithinMs} ms`)
    : new XksProxyFailure('TimedOut', `no answer within ${answerWithinMs} ms`);
}

function describe(error: unknown): string {
  // OpenSSL's own messages come with addresses and source lines.
  const { reason, message, code } = error as NodeJS.ErrnoException & { readonly reason?: string };
  return reason ?? (message || String(code));
}

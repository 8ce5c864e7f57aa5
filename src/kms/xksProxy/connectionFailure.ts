import { printable } from './printable.ts';
import type { ProxyConnection } from './proxyConnection.ts';
import { XksProxyFailure, type FailureReason } from './xksProxyFailure.ts';

/**
 * Returns the failure of a request without an answer, which depends on the phase of its connection. Without a connection, no request was
 * sent.
 */
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
      // Probably a refused client certificate. In TLS 1.3 the client finishes its handshake before the server checks the certificate.
      return connection.tlsVersion === 'TLSv1.3' && connection.bytesReceived === 0
        ? ['ConnectionLost', 'closed without an answer, as by a proxy that refuses the client certificate']
        : ['ConnectionLost', 'closed before the end of the answer'];
  }
}

/** Returns the failure of a request that reached the time limit. */
export function lateFailure(connection: ProxyConnection | undefined, answerWithinMs: number): XksProxyFailure {
  return connection?.phase === 'connecting'
    ? new XksProxyFailure('NotReachable', `no TCP connection within ${answerWithinMs} ms`)
    : new XksProxyFailure('TimedOut', `no answer within ${answerWithinMs} ms`);
}

function describe(error: unknown): string {
  // `reason` is better than OpenSSL's own messages, which contain addresses and source lines.
  const { reason, message, code } = error as NodeJS.ErrnoException & { readonly reason?: string };
  return reason ?? (message || String(code));
}

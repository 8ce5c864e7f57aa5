import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Server } from 'node:https';
import type { ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { TlsIdentity } from '../certificates/tlsIdentity.ts';
import { admitCertificate } from './admitCertificate.ts';
import type { Connection, Connections } from './connections.ts';
import { interpose } from './interpose.ts';
import type { Refusal } from './refusal.ts';
import { tlsOptions } from '../certificates/tlsOptions.ts';

export interface TlsServerOptions {
  readonly tls: TlsIdentity;
  /** 48 bytes. */
  readonly ticketKeys: Buffer;
  readonly http: ServerOptions;
  /** Milliseconds for a TLS handshake. */
  readonly handshakeMs: number;
  /** Contains every connection that the server gets. */
  readonly connections: Connections;
  readonly onRefused: (refusal: Refusal) => void;
}

export interface TlsServer {
  readonly server: Server;
  /** Sets the identity for new connections. Open connections keep theirs. Throws if OpenSSL refuses it; then nothing changes. */
  setTls(tls: TlsIdentity): void;
  /** The connection that this stream belongs to, also during its handshake. */
  connectionOf(stream: Duplex): Connection | undefined;
}

/** An HTTPS server that lets a client reach HTTP only if `tls.clientAuth` admits it. */
export function createTlsServer({
  tls,
  ticketKeys,
  http,
  handshakeMs,
  connections,
  onRefused,
}: TlsServerOptions): TlsServer {
  const options = { ...http, ...tlsOptions(tls, ticketKeys), handshakeTimeout: handshakeMs };
  const server = createServer(options);
  // Node does not say which connection a TLS stream runs on.
  const below = new AsyncLocalStorage<Connection | undefined>();
  let { clientAuth } = tls;

  interpose(server, 'connection', (socket, proceed) => {
    const connection = connections.of(socket);
    if (connection) connection.clientAuth = clientAuth;
    below.run(connection, proceed);
  });

  interpose(server, 'secureConnection', (stream, proceed) => {
    const connection = below.getStore();
    if (!connection || !(stream instanceof TLSSocket)) {
      stream.destroy();
      return;
    }
    connections.link(stream, connection);
    if (!connection.mayRequest) {
      stream.destroySoon();
      return;
    }
    if (connection.clientAuth) {
      const admission = admitCertificate(stream, connection.clientAuth);
      if (!admission.admitted) {
        stream.destroy();
        onRefused({ ...connection.client, ...admission.names, reason: admission.reason, routine: false });
        return;
      }
      connection.client = { ...connection.client, clientCommonName: admission.commonName };
    }
    proceed();
  });

  const setTls = (next: TlsIdentity): void => {
    server.setSecureContext(tlsOptions(next, ticketKeys));
    ({ clientAuth } = next);
    // setSecureContext does not change this.
    Object.assign(server, { requestCert: clientAuth !== undefined });
  };
  return { server, setTls, connectionOf: (stream) => connections.of(stream) ?? below.getStore() };
}

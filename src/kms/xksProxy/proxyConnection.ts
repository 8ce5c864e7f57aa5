import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { commonNamesOf } from '../../certificates/commonNames.ts';
import { printable } from './printable.ts';
import type { XksExchange } from './xksProxyClient.ts';

/** Phase of a connection. `open` means that the TLS handshake is done and the proxy's certificate is verified. */
export type ConnectionPhase = 'connecting' | 'handshake' | 'open';

/** Observes a connection from its first request to its last. */
export class ProxyConnection {
  #phase: ConnectionPhase = 'connecting';
  #bytesReceived = 0;
  #tlsVersion: string | null = null;
  #certificate: XksExchange['certificate'];

  /** `socket` must be new. */
  constructor(socket: Socket) {
    socket.once('connect', () => {
      this.#phase = 'handshake';
    });
    socket.once('secureConnect', () => {
      this.#phase = 'open';
      if (!(socket instanceof TLSSocket)) return;
      this.#tlsVersion = socket.getProtocol();
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return;
      const commonName = printable(commonNamesOf(certificate).join(', '));
      this.#certificate = { commonName, validTo: certificate.validToDate.getTime() };
    });
    socket.on('data', (bytes: Buffer) => {
      this.#bytesReceived += bytes.length;
    });
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** Bytes of HTTP, without the overhead of TLS. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** The version, such as `TLSv1.3`, once the connection is open. */
  get tlsVersion(): string | null {
    return this.#tlsVersion;
  }

  /** The proxy's certificate, once the connection is open. */
  get certificate(): XksExchange['certificate'] {
    return this.#certificate;
  }
}

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { printable } from './printable.ts';
import type { XksExchange } from './xksProxyClient.ts';

/** How far a connection has come; `open` is after the TLS handshake, with the proxy's certificate verified. */
export type ConnectionPhase = 'connecting' | 'handshake' | 'open';

/** What there is to know of a connection, from the first request that it is for to the last. */
export class ProxyConnection {
  #phase: ConnectionPhase = 'connecting';
  #bytesReceived = 0;
  #tlsVersion: string | null = null;
  #certificate: XksExchange['certificate'];

  /** `socket` has just been made. */
  constructor(socket: Socket) {
    socket.once('connect', () => {
      this.#phase = 'handshake';
    });
    socket.once('secureConnect', () => {
      this.#phase = 'open';
      if (!(socket instanceof TLSSocket)) return;
      this.#tlsVersion = socket.getProtocol();
      const { subject, valid_to } = socket.getPeerCertificate();
      this.#certificate = { commonName: printable([subject.CN].flat().join(', ')), validTo: Date.parse(valid_to) };
    });
    socket.on('data', (bytes: Buffer) => {
      this.#bytesReceived += bytes.length;
    });
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** Without those of TLS. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** `TLSv1.3`, once it is open. */
  get tlsVersion(): string | null {
    return this.#tlsVersion;
  }

  /** Once it is open. */
  get certificate(): XksExchange['certificate'] {
    return this.#certificate;
  }
}

import { Agent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, type SecureContext } from 'node:tls';
import { ProxyConnection } from './proxyConnection.ts';

/** Address to connect to for the name of an endpoint. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

// The quota of a key store allows 1,800 requests per second of 250 ms each, which is 450 at once.
const MAX_CONNECTIONS = 512;

/** Connections to one endpoint, all made with the same TLS files. */
export class ProxyEndpoint {
  /** Reuses each connection for one request after another. */
  readonly kept: Agent;
  /** Makes a new connection for each request. */
  readonly fresh: Agent;
  #isClosed = false;
  readonly #connections = new WeakMap<Socket, ProxyConnection>();

  /** The certificate must be for `name`, even if `address` has another host. */
  constructor(name: string, address: Address, secureContext: SecureContext) {
    const options = {
      ...address,
      secureContext,
      // An IP address may not be sent as a server name.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
        checkServerIdentity(name, certificate),
      // A resumed session would not present the proxy's certificate again.
      maxCachedSessions: 0,
      maxSockets: MAX_CONNECTIONS,
    };
    this.kept = new Agent({ ...options, keepAlive: true, maxFreeSockets: MAX_CONNECTIONS });
    this.fresh = new Agent(options);
  }

  connectionOf(socket: Socket): ProxyConnection {
    const connection = this.#connections.get(socket) ?? new ProxyConnection(socket);
    this.#connections.set(socket, connection);
    return connection;
  }

  /** Ends idle connections now, and each other connection after its present request. */
  retire(): void {
    this.kept.maxFreeSockets = 0;
    for (const socket of Object.values(this.kept.freeSockets).flat()) socket?.destroy();
  }

  /** Whether requests are running. Idle connections do not count. */
  get isInUse(): boolean {
    return [this.kept, this.fresh].some(({ sockets }) => Object.keys(sockets).length > 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends all connections and their running requests. */
  close(): void {
    this.#isClosed = true;
    this.kept.destroy();
    this.fresh.destroy();
  }
}

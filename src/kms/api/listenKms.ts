import { createServer, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http';
import { listenOn, type ListenAddress } from '../../listenOn.ts';

export interface ListenKmsOptions extends ListenAddress {
  /** Told when a connection cannot be accepted, such as for lack of file descriptors; the server goes on. */
  readonly onError: (error: Error) => void;
}

export interface ListeningKms {
  readonly port: number;
  /** Takes no new connection, and resolves when what runs has been answered; `graceMs` from now it ends what is left. */
  close(graceMs?: number): Promise<void>;
}

const LIMITS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  // SDKs keep connections for 60 seconds or less: so that none meets one that is about to close.
  keepAliveTimeout: 75_000,
};
const MAX_CONNECTIONS = 1_000;
// For a client that sends and never reads; longer than an idle connection is kept.
const SILENCE_MS = 90_000;
const GRACE_MS = 5_000;

/** Serves plain HTTP, which is for tests on one's own machine. Rejects with what the system says: EADDRINUSE, EACCES. */
export async function listenKms(options: ListenKmsOptions, app: RequestListener): Promise<ListeningKms> {
  const running = new Set<ServerResponse>();
  const server = createServer(LIMITS, (req, res) => {
    running.add(res);
    res.once('close', () => running.delete(res));
    if (!server.listening) res.setHeader('Connection', 'close');
    app(req, res);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = SILENCE_MS;
  const { port } = await listenOn(server, options, options.onError);
  return {
    port,
    close: async (graceMs = GRACE_MS) => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const res of running) if (!res.headersSent) res.setHeader('Connection', 'close');
      const grace = setTimeout(() => {
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(grace);
    },
  };
}

import { createServer, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http';
import { hostProblem } from '../../hosts.ts';
import { listenOn, type ListenAddress } from '../../listenOn.ts';

export interface ListenKmsOptions extends ListenAddress {
  /** Called when a connection cannot be accepted, for example for lack of file descriptors. The server continues. */
  readonly onError: (error: Error) => void;
}

export interface ListeningKms {
  readonly port: number;
  /** Accepts no new connections. Resolves when running requests have been answered. After `graceMs`, ends the remaining connections. */
  close(graceMs?: number): Promise<void>;
}

const LIMITS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  // SDKs reuse a connection for at most 60 seconds. This is longer, so that no SDK uses a connection that the server is about to close.
  keepAliveTimeout: 75_000,
};
const MAX_CONNECTIONS = 1_000;
// Ends the connection of a client that never reads its answers. Longer than `keepAliveTimeout`.
const SILENCE_MS = 90_000;
const GRACE_MS = 5_000;

/** Serves plain HTTP, for tests on the developer's own machine. Rejects with the system's error, such as EADDRINUSE or EACCES. */
export async function listenKms(options: ListenKmsOptions, app: RequestListener): Promise<ListeningKms> {
  const running = new Set<ServerResponse>();
  const server = createServer(LIMITS, (req, res) => {
    running.add(res);
    res.once('close', () => running.delete(res));
    const problem = hostProblem(req);
    if (!server.listening || problem !== undefined) res.setHeader('Connection', 'close');
    if (problem === undefined) app(req, res);
    else res.writeHead(400, { 'Content-Type': 'text/plain', 'Content-Length': problem.length }).end(problem);
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

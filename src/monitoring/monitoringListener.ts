import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { hostProblem } from '../hosts.ts';
import { listenOn, type ListenAddress } from '../listenOn.ts';
import type { Readiness } from '../keyStores/readiness.ts';

export interface MonitoringOptions extends ListenAddress {
  /** Whether the process works. If the event loop hangs, there is no answer. */
  readonly live: () => boolean;
  readonly ready: () => Readiness;
  /** Returns the metrics in Prometheus's text format. */
  readonly metrics: () => Promise<string>;
  /**
   * Serves the status page; undefined if there is none. Resolves to the answer to a request for the page or a part of it, or to
   * undefined if it is already answering by itself.
   */
  readonly status?: ((request: IncomingMessage, response: ServerResponse) => Promise<Answer | undefined>) | undefined;
  /** Prepares the server before it listens. */
  readonly prepare: (server: Server) => void;
  /** Called when a connection cannot be accepted, or the metrics cannot be collected. The listener continues. */
  readonly onError: (error: unknown) => void;
  readonly durations?: MonitoringDurations;
}

export interface MonitoringListener {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MonitoringDurations {
  /** Milliseconds for a whole request. A check or scrape is one short request on its own connection. */
  readonly requestMs: number;
  /** Milliseconds between checks for requests that take too long. */
  readonly checkMs: number;
  /** Milliseconds without a byte in either direction. */
  readonly silenceMs: number;
}

const DURATIONS: MonitoringDurations = { requestMs: 5_000, checkMs: 1_000, silenceMs: 10_000 };
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 64;

const PATHS = ['/livez', '/readyz', '/metrics'];
const STATUS_PATH = /^\/status(\/|$)/;

/**
 * Serves /livez, /readyz, /metrics and /status over plain HTTP, apart from the API. Throws the system's error, such as EADDRINUSE
 * or EACCES.
 */
export async function monitoringListener(options: MonitoringOptions): Promise<MonitoringListener> {
  const { onError, durations = DURATIONS } = options;
  const limits: ServerOptions = {
    headersTimeout: durations.requestMs,
    requestTimeout: durations.requestMs,
    connectionsCheckingInterval: durations.checkMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createServer(limits, (req, res) => {
    answer(req, res, options).then(
      (found) => {
        if (found) send(res, found);
      },
      (error: unknown) => {
        onError(error);
        if (res.headersSent) res.destroy();
        else send(res, text(500, 'failed'));
      },
    );
  });
  options.prepare(server);
  const connections = new Set<Socket>();
  server.on('connection', (connection) => {
    // Silent clients must not keep a health check out.
    const [oldest] = connections;
    if (connections.size >= MAX_CONNECTIONS) oldest?.destroy();
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  server.timeout = durations.silenceMs;
  const address = await listenOn(server, options, onError);
  return {
    address,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      // Node's own closeAllConnections does not close connections that `prepare` holds back.
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  options: MonitoringOptions,
): Promise<Answer | undefined> {
  const { method = '', url = '' } = req;
  const problem = hostProblem(req);
  if (problem !== undefined) return text(400, problem);
  const isStatus = STATUS_PATH.test(url);
  if (!PATHS.includes(url) && !isStatus) return text(404, 'not found');
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'method not allowed');
  if (isStatus) {
    const { status = () => Promise.resolve(text(404, 'the status page is off; monitoring.status: true enables it')) } =
      options;
    return status(req, res);
  }
  if (url === '/livez') return options.live() ? text(200, 'alive') : text(503, 'not alive');
  if (url === '/metrics') {
    return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: await options.metrics() };
  }
  const readiness = options.ready();
  return { status: readiness.ready ? 200 : 503, contentType: 'application/json', body: JSON.stringify(readiness) };
}

export function text(status: number, line: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${line}\n` };
}

function send(res: ServerResponse, { status, contentType, body, headers: others }: Answer): void {
  const headers = {
    ...others,
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    // The rest of the request, such as a body, is not read.
    Connection: 'close',
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  };
  res.writeHead(status, headers).end(body);
}

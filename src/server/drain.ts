import type { Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.ts';

export interface DrainOptions {
  readonly connections: Connections;
  /** Requests that are not answered yet. */
  readonly running: ReadonlySet<ServerResponse>;
  readonly drainMs: number;
  /** Milliseconds for a client that has begun to send a request when the drain begins, to get it running. */
  readonly arrivalMs: number;
}

const POLL_MS = 50;

/**
 * Stops listening, closes idle connections, lets `running` requests finish, at most for `drainMs`, then closes what is left and what
 * is still handed over. Returns whether every request finished.
 */
export async function drain(
  server: Server,
  { connections, running, drainMs, arrivalMs }: DrainOptions,
): Promise<boolean> {
  const closed = new Promise((resolve) => server.close(resolve));
  const startedAt = performance.now();
  const lasts = (milliseconds: number): boolean => performance.now() - startedAt < milliseconds;
  while (connections.size > 0 && lasts(drainMs) && (running.size > 0 || lasts(arrivalMs))) {
    server.closeIdleConnections();
    await sleep(POLL_MS);
  }
  // A request is recorded when it has ended.
  const ends = [...running].map((res) => new Promise((resolve) => res.once('close', resolve)));
  // Node's own closeAllConnections leaves those whose TLS handshake is not finished.
  connections.close();
  await Promise.all([closed, ...ends]);
  return ends.length === 0;
}

import type { Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.ts';

export interface DrainOptions {
  readonly connections: Connections;
  /** Requests without an answer yet. */
  readonly running: ReadonlySet<ServerResponse>;
  readonly drainMs: number;
  /** Milliseconds that a client has to finish sending a request that it was sending when the drain began. */
  readonly arrivalMs: number;
}

const POLL_MS = 50;

/**
 * Stops listening, closes idle connections, and lets `running` requests finish for at most `drainMs`. Then it closes the
 * connections that are left or are still handed over. Returns whether every request finished.
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
  // A request is recorded only when it has ended.
  const ends = [...running].map((res) => new Promise((resolve) => res.once('close', resolve)));
  // Node's own closeAllConnections leaves connections open whose TLS handshake is not finished.
  connections.close();
  await Promise.all([closed, ...ends]);
  return ends.length === 0;
}

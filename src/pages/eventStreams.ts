import type { ServerResponse } from 'node:http';
import { PAGE_HEADERS } from './pageHeaders.ts';

// Each takes a connection.
const MOST = 8;

/**
 * The open server-sent event streams of a page. Each event is the whole state, so a client that reads slowly misses events and has
 * one in its queue at most.
 */
export class EventStreams {
  readonly #streams = new Set<ServerResponse>();

  get size(): number {
    return this.#streams.size;
  }

  /** Whether there was room for another stream. If not, nothing was sent. */
  open(response: ServerResponse): boolean {
    if (this.#streams.size >= MOST) return false;
    response.writeHead(200, { ...PAGE_HEADERS, 'Content-Type': 'text/event-stream', Connection: 'close' });
    response.flushHeaders();
    this.#streams.add(response);
    response.once('close', () => this.#streams.delete(response));
    return true;
  }

  send(data: string): void {
    const event = `data: ${data.replaceAll(/\r\n?|\n/g, '\ndata: ')}\n\n`;
    for (const stream of this.#streams) if (!stream.writableNeedDrain) stream.write(event);
  }

  /** Ends all streams, so that a server which is closing need not wait for them. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }
}

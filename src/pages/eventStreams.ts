import type { ServerResponse } from 'node:http';
import { PAGE_HEADERS } from './pageHeaders.ts';

// Each stream occupies a connection.
const MOST = 8;

/**
 * The open server-sent event streams of a page. Each event is the whole state. So a client that reads slowly misses events, and
 * has at most one in its queue.
 */
export class EventStreams {
  readonly #streams = new Set<ServerResponse>();

  get size(): number {
    return this.#streams.size;
  }

  /** Opens another stream. Returns false, without sending anything, if there is no room. */
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

  /** Ends all streams, so that a closing server need not wait for them. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }
}

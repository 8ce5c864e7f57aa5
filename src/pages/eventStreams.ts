import type { ServerResponse } from 'node:http';
import { PAGE_HEADERS } from './pageHeaders.ts';

// Each stream occupies a connection.
const MOST = 8;
/** Milliseconds after which a stream ends if its client takes no event. */
const STALLED_MS = 10_000;
/** Milliseconds after which the oldest stream makes room for another: the system buffers minutes of events for a client that never reads. */
const TURN_MS = 30_000;

const HEADERS = { ...PAGE_HEADERS, 'Content-Type': 'text/event-stream', Connection: 'close' };

interface Times {
  readonly openedAt: number;
  /** Time of the last event. */
  writtenAt: number;
}

/**
 * The open server-sent event streams of a page. Each event is the whole state. So a client that reads slowly misses events, and
 * has at most one in its queue. A page whose stream was ended opens another one.
 */
export class EventStreams {
  readonly #stopwatch: () => number;
  // The oldest first.
  readonly #streams = new Map<ServerResponse, Times>();

  /** `stopwatch`: milliseconds of a clock that is never set back. */
  constructor(stopwatch: () => number) {
    this.#stopwatch = stopwatch;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Opens another stream; answers HEAD with the headers alone. Returns false, without sending anything, if there is no room. */
  open(response: ServerResponse): boolean {
    const now = this.#stopwatch();
    const [oldest] = this.#streams;
    if (this.#streams.size >= MOST && oldest) {
      const [stream, { openedAt }] = oldest;
      if (now - openedAt < TURN_MS) return false;
      if (response.req.method !== 'HEAD') this.#end(stream);
    }
    response.writeHead(200, HEADERS);
    if (response.req.method === 'HEAD') {
      response.end();
      return true;
    }
    response.flushHeaders();
    this.#streams.set(response, { openedAt: now, writtenAt: now });
    response.once('close', () => this.#streams.delete(response));
    return true;
  }

  send(data: string): void {
    const event = `data: ${data.replaceAll(/\r\n?|\n/g, '\ndata: ')}\n\n`;
    const now = this.#stopwatch();
    for (const [stream, times] of this.#streams) {
      if (!stream.writableNeedDrain) {
        stream.write(event);
        times.writtenAt = now;
      } else if (now - times.writtenAt > STALLED_MS) {
        this.#end(stream);
      }
    }
  }

  /** Ends all streams, so that a closing server need not wait for them. */
  close(): void {
    for (const stream of this.#streams.keys()) stream.end();
  }

  /** Ends a stream at once, even if its client has not read everything. */
  #end(stream: ServerResponse): void {
    this.#streams.delete(stream);
    stream.destroy();
  }
}

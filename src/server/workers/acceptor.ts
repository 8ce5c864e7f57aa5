import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listenOn, type ListenAddress } from '../../listenOn.ts';
import { notAccepted, type Refusal } from '../refusal.ts';
import type { ConnectionGiver } from './connectionHandOver.ts';

/** Takes the connections for one worker. */
export type ConnectionSink = Pick<ConnectionGiver, 'give' | 'giving'>;

export interface AcceptorOptions extends ListenAddress {
  /** The sinks of the workers that may get connections now. */
  readonly sinks: () => readonly ConnectionSink[];
  /** Connections that may be on their way to workers at once. Beyond this number they are closed. No limit if left out. */
  readonly maxConnections?: number;
  /** Called for each connection that is not accepted, or that no worker takes. */
  readonly onRefused: (refusal: Refusal) => void;
}

/**
 * Accepts the connections of a port and gives them to the workers in turn. If a worker does not take a connection, another worker
 * gets it.
 */
export class Acceptor {
  readonly #server: Server;
  readonly #sinks: AcceptorOptions['sinks'];
  readonly #onRefused: AcceptorOptions['onRefused'];
  #given = 0;

  private constructor({ sinks, maxConnections = Infinity, onRefused }: AcceptorOptions) {
    this.#sinks = sinks;
    this.#onRefused = onRefused;
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => void this.#give(socket));
    this.#server.maxConnections = maxConnections;
    this.#server.on('drop', (dropped) => {
      onRefused({ remoteAddress: dropped?.remoteAddress, reason: 'too many connections', routine: false });
    });
  }

  /** Throws the system's error, such as EADDRINUSE or EACCES. */
  static async listen(options: AcceptorOptions): Promise<Acceptor> {
    const acceptor = new Acceptor(options);
    await listenOn(acceptor.#server, options, (error) => {
      options.onRefused(notAccepted(error));
    });
    return acceptor;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Stops accepting. */
  close(): void {
    this.#server.close();
  }

  async #give(socket: Socket): Promise<void> {
    // The client may disconnect meanwhile.
    socket.on('error', () => undefined);
    // Never offer the same connection to the same worker twice: sending to a worker that just died fails synchronously, so a
    // retry would loop forever.
    const { remoteAddress } = socket;
    const tried = new Set<ConnectionSink>();
    let isTaken = false;
    for (let sink = this.#next(tried); sink && !socket.destroyed; sink = this.#next(tried)) {
      isTaken = await sink.give(socket);
      if (isTaken) break;
      tried.add(sink);
    }
    if (!isTaken && !socket.destroyed) this.#onRefused({ remoteAddress, reason: 'no worker takes it', routine: false });
    // If a worker has taken the connection, this closes only one of its two descriptors.
    socket.destroy();
  }

  /** Returns the next worker in turn. A worker that is slow to take its connections is skipped while another is not. */
  #next(tried: ReadonlySet<ConnectionSink>): ConnectionSink | undefined {
    const sinks = this.#sinks().filter((sink) => !tried.has(sink));
    this.#given += 1;
    const turn = sinks.map((_, index) => sinks[(this.#given + index) % sinks.length]);
    return turn.reduce((best, sink) => (best && sink && sink.giving < best.giving ? sink : (best ?? sink)), undefined);
  }
}

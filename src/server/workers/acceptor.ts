import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SupervisedWorker } from './supervisedWorker.ts';

type AcceptingWorker = Pick<SupervisedWorker, 'give' | 'giving'>;

export interface AcceptorOptions {
  readonly host: string;
  /** 0: one that the system gives. */
  readonly port: number;
  /** Those that may be given connections now. */
  readonly workers: () => readonly AcceptingWorker[];
  /** Told when a connection cannot be accepted, such as for want of file descriptors. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/**
 * Accepts the connections of a port and gives them to the workers in turn. node:cluster does so too, but it loses those that a
 * worker was given just before it died (https://github.com/nodejs/node/issues/21746): here they go to another.
 */
export class Acceptor {
  readonly #server: Server;
  readonly #workers: AcceptorOptions['workers'];
  #given = 0;

  private constructor({ workers, onError }: AcceptorOptions) {
    this.#workers = workers;
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => void this.#give(socket));
    this.#server.on('error', onError);
  }

  /** Throws what the system says: EADDRINUSE, EACCES. */
  static async listen(options: AcceptorOptions): Promise<Acceptor> {
    const acceptor = new Acceptor(options);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    acceptor.#server.once('error', reject).listen(options.port, options.host, () => {
      resolve(undefined);
    });
    await promise;
    acceptor.#server.off('error', reject);
    return acceptor;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Accepts no more. */
  close(): void {
    this.#server.close();
  }

  async #give(socket: Socket): Promise<void> {
    // Of a client that goes meanwhile.
    socket.on('error', () => undefined);
    // Nothing is given twice to one: a worker that has just died fails at once, before anything else can happen, for ever.
    const tried = new Set<AcceptingWorker>();
    for (let worker = this.#next(tried); worker && !socket.destroyed; worker = this.#next(tried)) {
      if (await worker.give(socket)) break;
      tried.add(worker);
    }
    // Once taken, what is closed here is not the connection, but one of its two descriptors.
    socket.destroy();
  }

  /** In turn, but none that is slow to take what it was given while another is not. */
  #next(tried: ReadonlySet<AcceptingWorker>): AcceptingWorker | undefined {
    const workers = this.#workers().filter((worker) => !tried.has(worker));
    this.#given += 1;
    const turn = workers.map((_, index) => workers[(this.#given + index) % workers.length]);
    return turn.reduce(
      (best, worker) => (best && worker && worker.giving < best.giving ? worker : (best ?? worker)),
      undefined,
    );
  }
}

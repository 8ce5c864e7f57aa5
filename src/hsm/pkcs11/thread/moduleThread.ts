import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { redactError } from '../../../redactError.ts';
import { XksError } from '../../../xks/errors.ts';
import { late } from '../../keyManagerFailures.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { RefusedPinRecord } from '../token/refusedPins.ts';
import { machineMs } from './machineMs.ts';
import { END, type Call, type Message, type Request, type ThreadData } from './messages.ts';
import { fromWireError } from './wireError.ts';

export interface ModuleThreadOptions extends Omit<ThreadData, 'clockOrigin'> {
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly onRefusal: (refused: RefusedPinRecord) => void;
  /** Called when the thread has ended without having been asked to. */
  readonly onDeath: () => void;
  /** What runs in it. */
  readonly script?: URL;
}

interface Waiting {
  settle(message: Extract<Message, { id: number }>): void;
  fail(error: XksError): void;
}

// In the build the entry is JavaScript, like this file.
const ENTRY = new URL(`./moduleThreadEntry${extname(import.meta.filename)}`, import.meta.url);

// The thread gives a request up a little earlier than the main thread does, so that its own words are heard.
const SHARE_OF_THREAD = 0.95;

// More than half a second of the requests that KMS makes by default, and what the sessions do: whoever came later would not be
// served in time.
const MAX_WAITING = 2_048;

/** The thread in which a PKCS#11 module is called, so that no call of it, however long it takes, blocks the main thread. */
export class ModuleThread {
  readonly #options: ModuleThreadOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended = Promise.withResolvers<undefined>();
  #lastId = 0;
  #state: 'running' | 'ending' | 'ended' = 'running';

  constructor(options: ModuleThreadOptions) {
    this.#options = options;
    const { refusedPins, reclaim, clock, script = ENTRY } = options;
    const workerData: ThreadData = { clockOrigin: machineMs() - clock(), refusedPins, reclaim };
    this.#worker = new Worker(script, { workerData, name: 'pkcs11' })
      .on('message', (message: Message) => {
        this.#receive(message);
      })
      .on('error', (error) => {
        options.logger.error({ detail: redactError(error) }, 'A PKCS#11 thread failed');
      })
      .on('exit', () => {
        this.#exited();
      });
  }

  /**
   * What the key manager gives. Throws what it threw, DependencyTimeoutException if it has not answered by `deadline`, and
   * ThrottlingException if too many others wait for an answer, late ones included.
   */
  call(keyManager: string, call: Call, deadline = Infinity): Promise<unknown> {
    if (this.#state !== 'running') return Promise.reject(gone());
    if (deadline < Infinity && this.#waiting.size >= MAX_WAITING) return Promise.reject(busy());
    const now = this.#options.clock();
    const remaining = deadline - now;
    if (remaining <= 0) return Promise.reject(late());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer =
      remaining < Infinity
        ? setTimeout(() => {
            reject(late());
          }, remaining)
        : undefined;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, {
      settle: (message) => {
        clearTimeout(timer);
        if (message.type === 'result') resolve(message.result);
        else reject(fromWireError(message.error));
      },
      fail: (error) => {
        clearTimeout(timer);
        reject(error);
      },
    });
    const request: Request = { ...call, id, keyManager, deadline: now + remaining * SHARE_OF_THREAD };
    this.#worker.postMessage(request);
    return promise;
  }

  /** Ends the thread. Resolves to false if a call of the module has not come back after `milliseconds`: then it goes on. */
  async end(milliseconds: number): Promise<boolean> {
    if (this.#state === 'running') this.#worker.postMessage(END);
    if (this.#state !== 'ended') this.#state = 'ending';
    const ended = this.#ended.promise.then(() => true);
    return Promise.race([ended, sleep(milliseconds, false, { ref: false })]);
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'result':
      case 'error':
        this.#waiting.get(message.id)?.settle(message);
        this.#waiting.delete(message.id);
        break;
      case 'log':
        this.#options.logger[message.level](message.fields, message.message);
        break;
      case 'refused':
        this.#options.onRefusal(message.refused);
        break;
    }
  }

  #exited(): void {
    const unexpected = this.#state === 'running';
    this.#state = 'ended';
    for (const waiting of this.#waiting.values()) waiting.fail(gone());
    this.#waiting.clear();
    this.#ended.resolve(undefined);
    if (unexpected) this.#options.onDeath();
  }
}

function gone(): XksError {
  return new XksError('InternalException', 'The key manager cannot be used at present.', {
    detail: 'the thread of its PKCS#11 module has ended',
  });
}

function busy(): XksError {
  return new XksError('ThrottlingException', 'Too many requests wait for the key manager.');
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CallLate, ChannelEnd, Peer } from '../../../messaging/peer.ts';
import { threadChannel } from '../../../messaging/threadChannel.ts';
import { redactError } from '../../../redactError.ts';
import { withTimeLimit } from '../../../timing/timeLimit.ts';
import { XksError } from '../../../xks/errors.ts';
import { late } from '../../keyManagerFailures.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { RefusedPinRecord } from '../token/refusedPins.ts';
import { machineMs } from './machineMs.ts';
import type { MainCalls, OpenOptions, Operation, ThreadCalls, ThreadData } from './threadCalls.ts';
import { WIRE_ERRORS } from './wireError.ts';

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

// In the build the entry is JavaScript, like this file.
const ENTRY = new URL(`./moduleThreadEntry${extname(import.meta.filename)}`, import.meta.url);

// The thread gives an operation up a little earlier than the main thread does, so that its own error is the one that is seen.
const SHARE_OF_THREAD = 0.95;

// More than half a second of the requests that KMS makes by default, and what the sessions do: an operation that came later would
// not be done in time.
const MAX_WAITING = 2_048;

/** One thread in which a PKCS#11 module is called, so that no call of it, however long it takes, blocks the main thread. */
export class ModuleThread {
  readonly #clock: () => number;
  readonly #peer: Peer<ThreadCalls>;
  readonly #ended = Promise.withResolvers<true>();
  #isEnding = false;

  constructor(options: ModuleThreadOptions) {
    const { logger, clock, refusedPins, reclaim, onRefusal, onDeath, script = ENTRY } = options;
    this.#clock = clock;
    const workerData: ThreadData = { clockOrigin: machineMs() - clock(), refusedPins, reclaim };
    const worker = new Worker(script, { workerData, name: 'pkcs11' });
    const offer: MainCalls = {
      log: ({ level, fields, message }) => {
        logger[level](fields, message);
      },
      pinRefused: onRefusal,
    };
    const name = 'the thread of its PKCS#11 module';
    this.#peer = new Peer<ThreadCalls>(threadChannel(worker), { name, offer, errors: WIRE_ERRORS });
    worker
      .on('error', (error) => {
        logger.error({ detail: redactError(error) }, 'A PKCS#11 thread failed');
      })
      .on('exit', () => {
        this.#peer.end();
        this.#ended.resolve(true);
        if (!this.#isEnding) onDeath();
      });
  }

  open(options: OpenOptions): Promise<void> {
    return translated(this.#peer.call('open', options));
  }

  /**
   * What the key manager gives. Throws what it threw, DependencyTimeoutException if it has not answered by `deadline`, and
   * ThrottlingException if too many others wait for an answer, late ones included.
   */
  async operate(operation: Omit<Operation, 'deadline'>, deadline: number): Promise<unknown> {
    if (this.#peer.waiting >= MAX_WAITING) {
      throw new XksError('ThrottlingException', 'Too many requests wait for the key manager.');
    }
    const now = this.#clock();
    const remaining = deadline - now;
    if (remaining <= 0) throw late();
    const argument = { ...operation, deadline: now + remaining * SHARE_OF_THREAD };
    return translated(this.#peer.call('operate', argument, { timeoutMs: remaining }));
  }

  /** Closes a key manager. Throws if the thread does not answer in time. */
  close(id: string, timeoutMs: number): Promise<void> {
    return translated(this.#peer.call('close', id, { timeoutMs }));
  }

  /** Ends the thread. Resolves to false if a call of the module has not come back after `milliseconds`: then it goes on. */
  async end(milliseconds: number): Promise<boolean> {
    this.#isEnding = true;
    this.#peer.tell('end', undefined);
    return withTimeLimit(this.#ended.promise, milliseconds, () => false, { keepsProcess: false });
  }
}

async function translated<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toXksError(error);
  }
}

function toXksError(error: unknown): unknown {
  if (error instanceof CallLate) return late();
  if (!(error instanceof ChannelEnd)) return error;
  const detail = error.message;
  return new XksError('InternalException', 'The key manager cannot be used at present.', { detail });
}

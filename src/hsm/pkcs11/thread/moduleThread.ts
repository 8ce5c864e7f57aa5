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
  /** Called when the thread has ended without a request to end. */
  readonly onDeath: () => void;
  /** The script that runs in the thread. */
  readonly script?: URL;
}

// In the build the entry is JavaScript, like this file.
const ENTRY = new URL(`./moduleThreadEntry${extname(import.meta.filename)}`, import.meta.url);

// The thread gives an operation up slightly before the main thread does, so that the error of the thread is the one that is
// reported.
const SHARE_OF_THREAD = 0.95;

// More than KMS requests in half a second by default, and more than the sessions can do: one more operation would not be done in
// time.
const MAX_WAITING = 2_048;

/** One thread in which a PKCS#11 module is called, so that no call, however long, blocks the main thread. */
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
   * Returns the result of the key manager. Throws its error, DependencyTimeoutException if it has not answered by `deadline`, or
   * ThrottlingException if too many operations, including late ones, wait for an answer.
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

  /**
   * Ends the thread. Resolves to false if a call of the module has not returned after `milliseconds`; then the thread continues.
   */
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

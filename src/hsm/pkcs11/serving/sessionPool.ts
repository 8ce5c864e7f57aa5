import { XksError } from '../../../xks/errors.ts';
import { closed, late, noneFree } from '../../keyManagerFailures.ts';
import type { KeyManagerLoad } from '../../keyManager.ts';
import type { SessionHandle } from '../cryptoki/cryptoki.ts';

export interface SessionPoolOptions {
  /** Sessions at most, 1 or more. */
  readonly size: number;
  readonly open: () => SessionHandle;
  /** Does not throw for a session that is gone already. */
  readonly close: (session: SessionHandle) => void;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** Milliseconds that an operation has at most. When no session has come back for so long, the module hangs. */
  readonly timeoutMs: number;
}

interface Lent {
  readonly session: SessionHandle;
  /** Of the pool when it was lent. */
  readonly generation: number;
}

interface Waiter extends PromiseWithResolvers<Lent> {
  readonly deadline: number;
}

// More than half a second of the requests that KMS makes by default: whoever came later would not be served in time.
const MAX_WAITERS = 1_024;

/** Lends sessions, each to one operation at a time. Sessions are opened when first needed. */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: SessionHandle[] = [];
  // A set for its order of insertion: first come, first served.
  readonly #waiting = new Set<Waiter>();
  #lent = 0;
  /** Counts the times that the idle sessions were given up: those that were lent then may be gone as well. */
  #generation = 0;
  #overdue = 0;
  #cameBackAt = -Infinity;
  /** What a call takes at present, in milliseconds: a moving average. */
  #usualMs = 0;
  #whenAllReturned: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /**
   * What `use` gives. Throws ThrottlingException if no session is free by `deadline` (on `clock`) and
   * DependencyTimeoutException if it is over already, or `use` has not come back by then; its session is lent no more until it
   * has. When the module hangs, so that no session comes back at all, it throws that too, at once if it can be known.
   * An XksError from `use` is its verdict and leaves no operation active. Anything else that it throws may, and so may a
   * call that was given up: then the session is closed and never reused.
   */
  async withSession<T>(deadline: number, use: (session: SessionHandle) => T | Promise<T>): Promise<T> {
    if (this.#remaining(deadline) === 0) throw late();
    const lent = await this.#borrow(deadline);
    if (this.#remaining(deadline) === 0) {
      // It waited behind blocking calls, during which no timer is looked at.
      this.#takeBack(lent, false, true);
      throw noneFree();
    }
    let overdue = false;
    const startedAt = this.#options.clock();
    const answer = (async () => use(lent.session))().then(
      (result) => {
        this.#noteDuration(startedAt);
        this.#takeBack(lent, overdue, true);
        return result;
      },
      (error: unknown) => {
        this.#noteDuration(startedAt);
        this.#takeBack(lent, overdue, error instanceof XksError);
        throw error;
      },
    );
    // A blocking call has always come back before a timer is looked at, however late.
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      overdue = true;
      this.#overdue += 1;
      timeout.reject(late());
    }, this.#remaining(deadline));
    try {
      return await Promise.race([answer, timeout.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sessions in use, those of late calls included. */
  get lent(): number {
    return this.#lent;
  }

  get load(): KeyManagerLoad {
    return { sessions: this.#options.size, sessionsInUse: this.#lent, operationsWaiting: this.#waiting.size };
  }

  /** Closes the sessions that are not lent, and each of the others when it is back. */
  closeIdle(): void {
    this.#generation += 1;
    for (const session of this.#idle.splice(0)) this.#options.close(session);
  }

  /** Forgets the sessions that are not lent, which do not exist any more, and lends none of the others again. */
  forgetIdle(): void {
    this.#generation += 1;
    this.#idle.length = 0;
  }

  /** Lends no more. Resolves when all sessions are closed, or to false if some have not come back after `milliseconds`. */
  async close(milliseconds: number): Promise<boolean> {
    this.#closed = true;
    this.closeIdle();
    for (const waiter of this.#waiting) waiter.reject(closed());
    this.#waiting.clear();
    if (this.#lent === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#whenAllReturned = () => {
      resolve(true);
    };
    const timer = setTimeout(resolve, milliseconds, false);
    return promise.finally(() => {
      clearTimeout(timer);
    });
  }

  #borrow(deadline: number): Lent | Promise<Lent> {
    if (this.#closed) throw closed();
    if (this.#lent < this.#options.size) return this.#lend();
    if (this.#hangs()) throw late();
    if (this.#waiting.size >= MAX_WAITERS) throw noneFree();
    const since = this.#options.clock();
    const waiter = { ...Promise.withResolvers<Lent>(), deadline };
    this.#waiting.add(waiter);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter);
      waiter.reject(this.#overdue >= this.#options.size && this.#cameBackAt < since ? late() : noneFree());
    }, this.#remaining(deadline));
    return waiter.promise.finally(() => {
      clearTimeout(timer);
    });
  }

  /** Whether every session has a call that has not come back in its time, and none has come back for long. */
  #hangs(): boolean {
    const { size, clock, timeoutMs } = this.#options;
    return this.#overdue >= size && clock() - this.#cameBackAt >= timeoutMs;
  }

  #noteDuration(startedAt: number): void {
    this.#cameBackAt = this.#options.clock();
    this.#usualMs += (this.#cameBackAt - startedAt - this.#usualMs) / 8;
  }

  #remaining(deadline: number): number {
    return Math.max(0, deadline - this.#options.clock());
  }

  #lend(): Lent {
    const session = this.#idle.pop() ?? this.#options.open();
    this.#lent += 1;
    return { session, generation: this.#generation };
  }

  #takeBack({ session, generation }: Lent, overdue: boolean, reusable: boolean): void {
    const isCurrent = generation === this.#generation && !this.#closed;
    if (reusable && !overdue && isCurrent) this.#idle.push(session);
    else this.#options.close(session);
    this.#lent -= 1;
    if (overdue) this.#overdue -= 1;
    for (const waiter of this.#waiting) {
      if (this.#lent >= this.#options.size) break;
      this.#waiting.delete(waiter);
      // With a session for less time than it needs, it would only keep that from those who came later.
      if (this.#remaining(waiter.deadline) < Math.min(this.#usualMs, this.#options.timeoutMs / 2)) {
        waiter.reject(noneFree());
        continue;
      }
      try {
        waiter.resolve(this.#lend());
      } catch (error) {
        waiter.reject(error);
      }
    }
    if (this.#lent === 0) this.#whenAllReturned?.();
  }
}

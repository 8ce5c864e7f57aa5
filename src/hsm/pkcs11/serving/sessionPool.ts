import { withTimeLimit } from '../../../timing/timeLimit.ts';
import { XksError } from '../../../xks/errors.ts';
import { closed, late, noneFree } from '../../keyManagerFailures.ts';
import type { KeyManagerLoad } from '../../keyManager.ts';
import type { SessionHandle } from '../cryptoki/cryptoki.ts';
import { UsualTimes } from './usualTimes.ts';

export interface SessionPoolOptions {
  /** Number of sessions, 1 or more. */
  readonly size: number;
  readonly open: () => SessionHandle;
  /** Closes a session. Does not throw if the session is already gone. */
  readonly close: (session: SessionHandle) => void;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** Milliseconds that an operation may take. If no session is returned for this long, the module hangs. */
  readonly timeoutMs: number;
  /** Whether an operation blocks the thread until it ends, so that no timer can fire meanwhile. */
  readonly isBlocking: boolean;
}

/** The purpose of a loan. Operations of one kind take about the same time. */
export interface Loan {
  readonly kind: string;
  /** Deadline on the pool's clock. */
  readonly deadline: number;
}

interface Lent {
  readonly session: SessionHandle;
  /** The pool's generation when the session was lent. */
  readonly generation: number;
  readonly kind: string;
  readonly startedAt: number;
  /** Whether the caller has given its operation up. */
  isOverdue: boolean;
}

interface Waiter extends PromiseWithResolvers<Lent>, Loan {
  /** Whether it waits although it usually takes too long, to find out whether that is still so. */
  readonly isTrial: boolean;
}

// By default KMS makes 1,800 requests a second, so one more waiter would not be served in time.
const MAX_WAITERS = 1_024;
// Some operations take longer than usual.
const MARGIN = 1.15;
// A kind that takes longer than this share of timeoutMs does not shorten the waits of other kinds any further.
const FAIR_SHARE = 0.7;

/**
 * Lends sessions, each to one operation at a time. Sessions are opened when first needed.
 *
 * An operation that finds no session free waits its turn, but only if it is expected to finish by its deadline. Otherwise it is
 * refused at once, so that under overload the sessions work for operations that end in time.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: SessionHandle[] = [];
  readonly #lent = new Set<Lent>();
  // A set keeps the order of insertion: first come, first served.
  readonly #waiting = new Set<Waiter>();
  readonly #usual: UsualTimes;
  /** Counts how often the idle sessions were given up. Sessions that were lent at that time may be gone too. */
  #generation = 0;
  #cameBackAt = -Infinity;
  #whenAllReturned: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#usual = new UsualTimes(options.timeoutMs);
  }

  /**
   * Returns the result of `use`. Throws ThrottlingException if no session is free in time, at once if that is foreseeable. Throws
   * DependencyTimeoutException if the deadline has passed, or if `use` has not returned by then; its session is not lent again
   * until it has. When the module hangs, so that no session is returned at all, it also throws DependencyTimeoutException, at
   * once if that is foreseeable.
   *
   * An XksError without a cause is a verdict of `use`, and leaves no operation active. After any other error, or after a call
   * that was given up, an operation may still be active, so the session is closed and never reused.
   */
  async withSession<T>(loan: Loan, use: (session: SessionHandle) => T | Promise<T>): Promise<T> {
    if (this.#remaining(loan) === 0) throw late();
    const lent = await this.#borrow(loan);
    if (this.#remaining(loan) === 0) {
      // The operation waited behind blocking calls, during which no timer fires.
      this.#takeBack(lent, true);
      throw noneFree();
    }
    const answer = this.#use(lent, use);
    if (this.#options.isBlocking) return answer;
    return withTimeLimit(answer, this.#remaining(loan), () => {
      lent.isOverdue = true;
      throw late();
    });
  }

  /** Number of sessions in use, including those of late calls. */
  get lent(): number {
    return this.#lent.size;
  }

  get load(): KeyManagerLoad {
    return { sessions: this.#options.size, sessionsInUse: this.#lent.size, operationsWaiting: this.#waiting.size };
  }

  /** Closes the sessions that are not lent now, and each of the others when it is returned. */
  closeIdle(): void {
    this.#generation += 1;
    for (const session of this.#idle.splice(0)) this.#options.close(session);
  }

  /** Drops the sessions that are not lent, which no longer exist. Sessions that are lent now are never lent again. */
  forgetIdle(): void {
    this.#generation += 1;
    this.#idle.length = 0;
  }

  /** Stops lending. Resolves when all sessions are closed, or to false if some have not been returned after `milliseconds`. */
  async close(milliseconds: number): Promise<boolean> {
    this.#closed = true;
    this.closeIdle();
    for (const waiter of this.#waiting) waiter.reject(closed());
    this.#waiting.clear();
    if (this.#lent.size === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#whenAllReturned = () => {
      resolve(true);
    };
    return withTimeLimit(promise, milliseconds, () => false);
  }

  async #use<T>(lent: Lent, use: (session: SessionHandle) => T | Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await use(lent.session);
    } catch (error) {
      const isReusable = error instanceof XksError && error.cause === undefined;
      this.#cameBack(lent, { hasFailed: true, isReusable });
      throw error;
    }
    this.#cameBack(lent, { hasFailed: false, isReusable: true });
    return result;
  }

  #borrow(loan: Loan): Lent | Promise<Lent> {
    const { size, clock, timeoutMs } = this.#options;
    if (this.#closed) throw closed();
    if (this.#lent.size < size) return this.#lend(loan);
    if (this.#hangs()) throw late();
    if (this.#waiting.size >= MAX_WAITERS) throw noneFree();
    const since = clock();
    // No kind may wait longer than the slowest kind could. Otherwise the waits of quick operations would leave the slow ones no
    // turn.
    const neededMs = Math.max(
      this.#neededMs(loan),
      Math.min(this.#usual.slowest(since) * MARGIN, timeoutMs * FAIR_SHARE),
    );
    const isTrial = since + this.#expectedWaitMs(since) + neededMs > loan.deadline;
    if (isTrial && !this.#usual.mayTry(loan.kind, since)) throw noneFree();
    const waiter = { ...Promise.withResolvers<Lent>(), ...loan, isTrial };
    this.#waiting.add(waiter);
    return withTimeLimit(waiter.promise, this.#remaining(loan), () => {
      this.#waiting.delete(waiter);
      throw this.#allOverdue() && this.#cameBackAt < since ? late() : noneFree();
    });
  }

  /** Milliseconds that an operation must have left when it gets a session. */
  #neededMs({ kind }: Loan): number {
    return this.#usual.of(kind) * MARGIN;
  }

  /** Milliseconds that an operation which begins to wait now waits for a session, if all operations take their usual time. */
  #expectedWaitMs(now: number): number {
    const ends = [...this.#lent]
      .filter(({ isOverdue }) => !isOverdue)
      .map(({ kind, startedAt }) => Math.max(0, startedAt + this.#usual.of(kind) - now))
      .sort((a, b) => a - b);
    const ahead = [...this.#waiting].map(({ kind }) => this.#usual.of(kind));
    // Each session that is returned goes to the next waiter. When all have been returned once, the second round begins.
    const firstEnd = ends[ahead.length % ends.length] ?? 0;
    const rounds = Math.floor(ahead.length / ends.length);
    return rounds > 0 ? firstEnd + (rounds * ahead.reduce((sum, each) => sum + each, 0)) / ahead.length : firstEnd;
  }

  /** Whether every session is busy with a late call, and none has been returned for a long time. */
  #hangs(): boolean {
    const { clock, timeoutMs } = this.#options;
    return this.#allOverdue() && clock() - this.#cameBackAt >= timeoutMs;
  }

  #allOverdue(): boolean {
    for (const { isOverdue } of this.#lent) if (!isOverdue) return false;
    return this.#lent.size >= this.#options.size;
  }

  #remaining({ deadline }: Loan): number {
    return Math.max(0, deadline - this.#options.clock());
  }

  #lend({ kind }: Loan): Lent {
    const session = this.#idle.pop() ?? this.#options.open();
    const startedAt = this.#options.clock();
    const lent = { session, generation: this.#generation, kind, startedAt, isOverdue: false };
    this.#lent.add(lent);
    return lent;
  }

  #cameBack(lent: Lent, { hasFailed, isReusable }: { hasFailed: boolean; isReusable: boolean }): void {
    this.#cameBackAt = this.#options.clock();
    const took = this.#cameBackAt - lent.startedAt;
    // A failure may come sooner than a result would, so a short failure does not count.
    if (!hasFailed || took > this.#usual.of(lent.kind)) this.#usual.note(lent.kind, took, this.#cameBackAt);
    this.#takeBack(lent, isReusable);
  }

  #takeBack(lent: Lent, isReusable: boolean): void {
    const isCurrent = lent.generation === this.#generation && !this.#closed;
    if (isReusable && !lent.isOverdue && isCurrent) this.#idle.push(lent.session);
    else this.#options.close(lent.session);
    this.#lent.delete(lent);
    for (const waiter of this.#waiting) {
      if (this.#lent.size >= this.#options.size) break;
      this.#waiting.delete(waiter);
      // If it has less time left than it needs, a session would be wasted on it, and missing for later operations.
      const remaining = this.#remaining(waiter);
      if (remaining === 0 || (remaining < this.#neededMs(waiter) && !waiter.isTrial)) {
        waiter.reject(noneFree());
        continue;
      }
      try {
        waiter.resolve(this.#lend(waiter));
      } catch (error) {
        waiter.reject(error);
      }
    }
    if (this.#lent.size === 0) this.#whenAllReturned?.();
  }
}

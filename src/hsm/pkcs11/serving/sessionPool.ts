import { withTimeLimit } from '../../../timing/timeLimit.ts';
import { XksError } from '../../../xks/errors.ts';
import { closed, late, noneFree } from '../../keyManagerFailures.ts';
import type { KeyManagerLoad } from '../../keyManager.ts';
import type { SessionHandle } from '../cryptoki/cryptoki.ts';
import { UsualTimes } from './usualTimes.ts';

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
  /** Whether an operation blocks the thread until it ends, so that no timer could fire before that. */
  readonly isBlocking: boolean;
}

/** What a session is borrowed for. Operations of one kind take about the same time. */
export interface Loan {
  readonly kind: string;
  /** On the pool's clock. */
  readonly deadline: number;
}

interface Lent {
  readonly session: SessionHandle;
  /** The pool's generation when the session was lent. */
  readonly generation: number;
  readonly kind: string;
  readonly startedAt: number;
  /** Whether its operation has been given up. */
  isOverdue: boolean;
}

interface Waiter extends PromiseWithResolvers<Lent>, Loan {
  /** Whether it waits although it usually takes too long, to see if that is still so. */
  readonly isTrial: boolean;
}

// KMS makes 1,800 requests a second by default: a later one would not be served in time.
const MAX_WAITERS = 1_024;
// Some operations take longer than usual.
const MARGIN = 1.15;
// A kind that takes longer than this share of timeoutMs does not shorten the waits of the others any further.
const FAIR_SHARE = 0.7;

/**
 * Lends sessions, each to one operation at a time. Sessions are opened when first needed.
 *
 * An operation that finds no session free waits its turn, but only if it can be done by its deadline as things are: otherwise it
 * is refused at once, so that under overload the sessions work for operations that end in time.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: SessionHandle[] = [];
  readonly #lent = new Set<Lent>();
  // A set for its order of insertion: first come, first served.
  readonly #waiting = new Set<Waiter>();
  readonly #usual: UsualTimes;
  /** Counts the times that the idle sessions were given up: those that were lent then may be gone as well. */
  #generation = 0;
  #cameBackAt = -Infinity;
  #whenAllReturned: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#usual = new UsualTimes(options.timeoutMs);
  }

  /**
   * What `use` gives. Throws ThrottlingException if no session is free in time, at once if that can be known, and
   * DependencyTimeoutException if the deadline is over already, or `use` has not come back by then; its session is lent no more
   * until it has. When the module hangs, so that no session comes back at all, it throws that too, at once if it can be known.
   * An XksError without a cause is the verdict of `use`, and leaves no operation active. Anything else that it throws may, and so
   * may a call that was given up: then the session is closed and never reused.
   */
  async withSession<T>(loan: Loan, use: (session: SessionHandle) => T | Promise<T>): Promise<T> {
    if (this.#remaining(loan) === 0) throw late();
    const lent = await this.#borrow(loan);
    if (this.#remaining(loan) === 0) {
      // It waited behind blocking calls, during which no timer is looked at.
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

  /** Sessions in use, those of late calls included. */
  get lent(): number {
    return this.#lent.size;
  }

  get load(): KeyManagerLoad {
    return { sessions: this.#options.size, sessionsInUse: this.#lent.size, operationsWaiting: this.#waiting.size };
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
    // No kind may wait longer than the slowest could: waits of quick ones would leave it no turn.
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

  /** The time that an operation must have left when it gets a session. */
  #neededMs({ kind }: Loan): number {
    return this.#usual.of(kind) * MARGIN;
  }

  /** How long an operation that begins to wait now waits for a session, if all operations take their usual time. */
  #expectedWaitMs(now: number): number {
    const ends = [...this.#lent]
      .filter(({ isOverdue }) => !isOverdue)
      .map(({ kind, startedAt }) => Math.max(0, startedAt + this.#usual.of(kind) - now))
      .sort((a, b) => a - b);
    const ahead = [...this.#waiting].map(({ kind }) => this.#usual.of(kind));
    // Each session that comes back takes the next one that waits; when all have come back once, the second round begins.
    const firstEnd = ends[ahead.length % ends.length] ?? 0;
    const rounds = Math.floor(ahead.length / ends.length);
    return rounds > 0 ? firstEnd + (rounds * ahead.reduce((sum, each) => sum + each, 0)) / ahead.length : firstEnd;
  }

  /** Whether every session has a call that has not come back in its time, and none has come back for long. */
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
    // A failure may come sooner than a result.
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
      // With a session for less time than it needs, it would only keep that from those who came later.
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

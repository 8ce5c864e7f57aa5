import { BackOff } from '../../../timing/backOff.ts';
import { withTimeLimit } from '../../../timing/timeLimit.ts';
import { XksError } from '../../../xks/errors.ts';
import type { KeyManagerDurations } from '../../durations.ts';
import { closed } from '../../keyManagerFailures.ts';
import type { KeyDirectory } from '../keys/keyDirectory.ts';
import { KeysVanished } from '../keys/keysVanished.ts';
import type { OpenToken } from '../token/openToken.ts';
import { isVagueOfDecrypt, type Loss } from './isLoss.ts';
import type { LossLog } from './lossLog.ts';
import type { SessionPool } from './sessionPool.ts';
import { detailOf } from './translateFailure.ts';

export interface RecoveryOptions {
  readonly opened: OpenToken;
  readonly pool: SessionPool;
  readonly keys: KeyDirectory;
  readonly log: LossLog;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly durations: KeyManagerDurations;
}

interface LostState {
  readonly name: 'lost';
  /** The failure of the operation that noticed the loss, or of the last attempt to repair. */
  readonly cause: unknown;
  readonly since: number;
  /** Whether operations fail although the login is valid. Then only a restart of the module may help. */
  readonly isStuck: boolean;
  /** Resolves when the token is back, or is known not to come back. */
  readonly end: PromiseWithResolvers<undefined>;
  readonly pauses: BackOff;
  /** Number of attempts that found everything except a key that was there before. */
  readonly misses: number;
  readonly timer: NodeJS.Timeout;
}

type State =
  /** `failingSince`: the time of the first failure that a repair did not fix. No operation has succeeded since. */
  | { readonly name: 'open'; readonly failingSince?: number }
  | LostState
  | { readonly name: 'refused'; readonly cause: unknown }
  | { readonly name: 'closed' };

const OPEN: State = { name: 'open' };
// A module that works for its other users is not restarted. After this many attempts, the token that lacks a key is believed
// without a restart.
const MISSES_TO_BELIEVE = 4;

/** Repairs the sessions, login, keys and module of one key manager. One repair serves all operations that a loss has hit. */
export class Recovery {
  readonly #options: RecoveryOptions;
  #state: State = OPEN;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    const { opened, pool, keys } = options;
    opened.module.allowRestart({
      mayRestart: () => !this.#works() && pool.lent === 0,
      forgetHandles: () => {
        keys.forgetAll();
        pool.forgetIdle();
        opened.token.forgetSession();
      },
    });
  }

  /** Throws InternalException, without waiting, while the token is lost. */
  requireToken(): void {
    if (this.#state.name === 'closed') throw closed();
    if (this.#state.name !== 'open') throw lost(this.#state.cause);
  }

  operationSucceeded(): void {
    if (this.#state.name === 'open') this.#state = OPEN;
  }

  /** Returns why an operation failed. A vague failure of a decryption counts as a loss if the device does not answer either. */
  diagnose(error: unknown): unknown {
    return isVagueOfDecrypt(error) ? (this.#options.opened.token.findFault() ?? error) : error;
  }

  /** Repairs the loss that an operation failed with. Throws InternalException if the repair is not done by `deadline`. */
  async repair(loss: Loss, deadline: number): Promise<void> {
    if (this.#state.name === 'open') {
      this.#options.log.failed(loss);
      this.#forgetSessions();
      if (loss instanceof KeysVanished) this.#lose(loss);
      // If the login is valid, or another operation has renewed it, only a session or a handle was lost.
      else if (this.#options.opened.token.findFault()) this.#logInOrLose();
    }
    if (this.#state.name === 'lost') {
      await withTimeLimit(this.#state.end.promise, deadline - this.#options.clock(), () => undefined);
    }
    this.requireToken();
  }

  /** Notes that an operation failed again after a repair. */
  repairedInVain(loss: Loss): void {
    if (this.#state.name !== 'open') return;
    const { clock, durations, opened } = this.#options;
    const { failingSince = clock() } = this.#state;
    const isStuck = clock() - failingSince >= durations.stuckMs;
    this.#state = { name: 'open', failingSince };
    if (isStuck || loss instanceof KeysVanished || opened.token.findFault()) this.#lose(loss, isStuck);
  }

  /** Ends all repairs. */
  stop(): void {
    const before = this.#state;
    this.#state = { name: 'closed' };
    if (before.name !== 'lost') return;
    clearTimeout(before.timer);
    before.end.resolve(undefined);
  }

  /** Whether operations succeed, as far as known. */
  #works(): boolean {
    return this.#state.name === 'open' && this.#state.failingSince === undefined;
  }

  #forgetSessions(): void {
    this.#options.keys.forgetAll();
    this.#options.pool.closeIdle();
  }

  #logInOrLose(): void {
    try {
      this.#logIn();
    } catch (cause) {
      this.#lose(cause);
    }
  }

  #logIn(): void {
    const { token } = this.#options.opened;
    token.login();
    const fault = token.findFault();
    if (fault) throw fault;
  }

  #lose(cause: unknown, isStuck = false): void {
    const { clock, durations } = this.#options;
    this.#options.log.lost(detailOf(cause));
    const pauses = new BackOff(durations.repair);
    const end = Promise.withResolvers<undefined>();
    this.#tryLater({ cause, since: clock(), isStuck, end, pauses, misses: 0 }, isStuck ? durations.callsEndMs : 0);
  }

  #tryLater(loss: Omit<LostState, 'name' | 'timer'>, milliseconds: number): void {
    if (this.#options.opened.token.isRefused) {
      this.#options.log.refused(detailOf(loss.cause));
      this.#state = { name: 'refused', cause: loss.cause };
      loss.end.resolve(undefined);
      return;
    }
    const timer = setTimeout(() => {
      this.#try(loss);
    }, milliseconds).unref();
    this.#state = { name: 'lost', ...loss, timer };
  }

  #try(loss: Omit<LostState, 'name' | 'timer'>): void {
    const { clock } = this.#options;
    const startedAt = clock();
    try {
      this.#repairAll(loss);
    } catch (cause) {
      const misses = loss.misses + (cause instanceof KeysVanished ? 1 : 0);
      this.#tryLater({ ...loss, cause, misses }, loss.pauses.next(clock() - startedAt));
      return;
    }
    this.#state = OPEN;
    this.#options.log.back(clock() - loss.since);
    loss.end.resolve(undefined);
  }

  /** Repairs in the order of least disturbance. Throws the failure of the last step. */
  #repairAll({ isStuck, misses }: Pick<LostState, 'isStuck' | 'misses'>): void {
    const { module, token } = this.#options.opened;
    this.#forgetSessions();
    const isRestarted = isStuck && module.restart();
    try {
      this.#findAll(isRestarted);
    } catch (error) {
      if (isRestarted || token.isRefused) throw error;
      const isBelieved = error instanceof KeysVanished && misses + 1 >= MISSES_TO_BELIEVE;
      if (!module.restart() && !isBelieved) throw error;
      this.#findAll(true);
    }
  }

  /** Finds the token, the login and the keys again. `believe`: whether a missing key counts as deleted. */
  #findAll(believe: boolean): void {
    const { opened, keys } = this.#options;
    const { token } = opened;
    token.findAgain();
    this.#logIn();
    for (const key of token.withSession((session) => keys.confirm(session, believe))) this.#options.log.deleted(key);
  }
}

function lost(cause: unknown): XksError {
  const message = 'The key manager cannot be used at present.';
  return new XksError('InternalException', message, { cause, detail: detailOf(cause) });
}

import { XksError } from '../../../xks/errors.ts';
import type { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { isVagueOfDecrypt } from './isLoss.ts';
import type { KeyDirectory } from '../keys/keyDirectory.ts';
import { LossLog, type LossLogOptions } from './lossLog.ts';
import type { OpenToken } from '../token/openToken.ts';
import type { SessionPool } from './sessionPool.ts';
import { detailOf } from './translateFailure.ts';

export interface RecoveryOptions extends LossLogOptions {
  readonly opened: OpenToken;
  readonly pool: SessionPool;
  readonly keys: KeyDirectory;
}

// Between the first two attempts to repair; then twice as long each time.
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 5_000;
// An attempt may block the thread until a network gives up: then it has at most a fifth of the time.
const PAUSE_PER_ATTEMPT = 4;
// Longer than the deep health check's interval: with a token that works for any key, some operation succeeds in this time.
const STUCK_MS = 15_000;
// For the calls that are running then, which prevent a restart.
const DRAIN_MS = 100;

interface Loss {
  cause: unknown;
  readonly since: number;
  /** The login stands, but operations fail all the same. */
  readonly isStuck: boolean;
  /** Resolves when the token is back, or will not come back. */
  readonly end: PromiseWithResolvers<void>;
}

/** Repairs the sessions, login and module of one key manager, once for all operations that a loss has hit. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #log: LossLog;
  #loss: Loss | undefined;
  /** The first failure that a repair did not help, since when no operation has succeeded. */
  #failingSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#log = new LossLog(options);
    const { opened, pool, keys } = options;
    opened.module.restartable = {
      mayRestart: () => this.#loss !== undefined && pool.lent === 0,
      forgetHandles: () => {
        keys.forgetAll();
        pool.forgetIdle();
        opened.token.forgetSession();
      },
    };
  }

  /** Throws InternalException, at once, as long as the token is lost. */
  requireToken(): void {
    if (this.#loss) throw lost(this.#loss.cause);
  }

  operationSucceeded(): void {
    this.#failingSince = undefined;
  }

  /** What an operation failed of: when a decryption fails, that is the device if this does not answer either. */
  diagnose(error: unknown): unknown {
    return isVagueOfDecrypt(error) ? (this.#options.opened.token.findFault() ?? error) : error;
  }

  /** After an operation failed of a loss: what was lost is there again. Throws InternalException if it is not by `deadline`. */
  async repair(error: CryptokiError, deadline: number): Promise<void> {
    if (this.#stopped) return;
    if (!this.#loss) {
      this.#log.failed(error);
      this.#forgetSessions();
      // If the login is there, or there again thanks to another operation, only a session or a handle was lost.
      if (this.#options.opened.token.findFault()) this.#logInOrLose();
    }
    if (this.#loss) await this.#endOf(this.#loss, deadline);
    this.requireToken();
  }

  /** After a repair, the operation failed of a loss again. */
  repairedInVain(error: CryptokiError): void {
    if (this.#loss || this.#stopped) return;
    const now = this.#options.clock();
    this.#failingSince ??= now;
    const isStuck = now - this.#failingSince >= STUCK_MS;
    if (isStuck) this.#failingSince = undefined;
    if (isStuck || this.#options.opened.token.findFault()) this.#lose(error, isStuck);
  }

  /** No repair is made any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #forgetSessions(): void {
    this.#options.keys.forgetAll();
    this.#options.pool.closeIdle();
  }

  #logInOrLose(): void {
    try {
      this.#logIn();
    } catch (cause) {
      this.#lose(cause, false);
    }
  }

  #logIn(): void {
    const { token } = this.#options.opened;
    token.login();
    const fault = token.findFault();
    if (fault) throw fault;
  }

  #lose(cause: unknown, isStuck: boolean): void {
    const since = this.#options.clock();
    this.#loss = { cause, since, isStuck, end: Promise.withResolvers() };
    this.#log.lost(detailOf(cause));
    this.#repairAfter(isStuck ? DRAIN_MS : 0, this.#loss, FIRST_PAUSE_MS);
  }

  #repairAfter(milliseconds: number, loss: Loss, pause: number): void {
    const { clock, opened } = this.#options;
    if (opened.token.isRefused) {
      this.#log.refused(detailOf(loss.cause));
      loss.end.resolve();
      return;
    }
    this.#timer = setTimeout(() => {
      const startedAt = clock();
      try {
        this.#repairAll(loss);
      } catch (cause) {
        loss.cause = cause;
        const longEnough = Math.max(pause, PAUSE_PER_ATTEMPT * (clock() - startedAt));
        this.#repairAfter(longEnough, loss, Math.min(2 * pause, LONGEST_PAUSE_MS));
        return;
      }
      this.#loss = undefined;
      this.#log.back(clock() - loss.since);
      loss.end.resolve();
    }, milliseconds).unref();
  }

  /** First what disturbs least. Throws what the last step failed of. */
  #repairAll({ isStuck }: Loss): void {
    const { module, token } = this.#options.opened;
    this.#forgetSessions();
    try {
      if (isStuck) module.restart();
      token.findAgain();
      this.#logIn();
    } catch (error) {
      if (isStuck || token.isRefused || !module.restart()) throw error;
      token.findAgain();
      this.#logIn();
    }
  }

  async #endOf({ end }: Loss, deadline: number): Promise<void> {
    const timeout = Promise.withResolvers<undefined>();
    const timer = setTimeout(timeout.resolve, Math.max(0, deadline - this.#options.clock()), undefined);
    await Promise.race([end.promise, timeout.promise]);
    clearTimeout(timer);
  }
}

function lost(cause: unknown): XksError {
  const message = 'The key manager cannot be used at present.';
  return new XksError('InternalException', message, { cause, detail: detailOf(cause) });
}

import type { Loss } from './isLoss.ts';

export interface LossLogOptions {
  /** The key manager's name. */
  readonly name: string;
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** Milliseconds in which one kind of event is logged once. */
  readonly quietMs: number;
}

export interface Pkcs11Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs losses and returns, each kind at most once in a while. A return is logged if its loss was. */
export class LossLog {
  readonly #options: LossLogOptions;
  #failed = { quietUntil: -Infinity, unreported: 0 };
  #lost = { quietUntil: -Infinity, unreported: 0 };
  #repeated = { quietUntil: -Infinity, unreported: 0 };
  #lossWasReported = false;

  constructor(options: LossLogOptions) {
    this.#options = options;
  }

  /** Logs that an operation failed and is tried again. */
  failed({ message }: Loss): void {
    const unreported = this.#admit(this.#failed);
    if (unreported === undefined) return;
    const fields = { keyManager: this.#options.name, detail: message, unreported };
    this.#options.logger.warn(fields, 'A PKCS#11 session, login or handle is gone: trying again with new ones');
  }

  /** Logs that no operation can be served. */
  lost(detail: string | undefined): void {
    const unreported = this.#admit(this.#lost);
    this.#lossWasReported = unreported !== undefined;
    if (!this.#lossWasReported) return;
    const fields = { keyManager: this.#options.name, detail, unreported };
    this.#options.logger.error(fields, 'A token is lost: operations are refused until it has been repaired');
  }

  back(afterMs: number): void {
    if (!this.#lossWasReported) return;
    const fields = { keyManager: this.#options.name, afterMs: Math.round(afterMs) };
    this.#options.logger.warn(fields, 'A token is back');
  }

  /** Logs that the HSM's random generator returned the same bytes again. */
  repeatedRandom(): void {
    const unreported = this.#admit(this.#repeated);
    if (unreported === undefined) return;
    this.#options.logger.error(
      { keyManager: this.#options.name, unreported },
      "C_GenerateRandom repeats its output: IVs depend only on the operating system's generator, and keys that the HSM generates may be weak",
    );
  }

  /** `key`: description of the key. */
  deleted(key: string): void {
    const fields = { keyManager: this.#options.name, detail: `no secret key of the token has ${key}` };
    this.#options.logger.error(fields, 'A key is no longer in the token');
  }

  /** Logs the end of all repairs. */
  refused(detail: string | undefined): void {
    const fields = { keyManager: this.#options.name, detail };
    this.#options.logger.error(
      fields,
      'A token refuses the PIN and is no longer repaired: correct the PIN in the configuration',
    );
  }

  /** Returns how many events were not logged before this one, or undefined if this one is not to be logged either. */
  #admit(kind: { quietUntil: number; unreported: number }): number | undefined {
    const now = this.#options.clock();
    if (now < kind.quietUntil) {
      kind.unreported += 1;
      return undefined;
    }
    const { unreported } = kind;
    kind.quietUntil = now + this.#options.quietMs;
    kind.unreported = 0;
    return unreported;
  }
}

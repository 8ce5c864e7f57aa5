import type { Cryptoki } from '../cryptoki/cryptoki.ts';
import { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { RefusedPins } from '../token/refusedPins.ts';

/** One user's hold on a PKCS#11 module. */
export interface ModuleHandle {
  readonly cryptoki: Cryptoki;
  readonly refusedPins: RefusedPins;
  /** Says that this user can bear a restart. There is none before all users have said so. */
  readonly allowRestart: (user: Restartable) => void;
  /**
   * C_Finalize and C_Initialize, if all users of the module agree. Whether it was: then all handles of all users are void.
   * Throws CryptokiError if the module does not start again.
   */
  readonly restart: () => boolean;
  /** Gives the module up, exactly once; it is finalized when its last user does. None of its calls may be running. */
  readonly release: () => void;
}

export interface Restartable {
  /** False while the user does its work, and while any of its calls may be running. */
  mayRestart(): boolean;
  /** All handles of sessions and objects are void; the module may give the same ones to others. */
  forgetHandles(): void;
}

export interface SharedModuleOptions {
  /** Text for C_Initialize. */
  readonly parameters?: string | undefined;
  readonly refusedPins?: RefusedPins;
  /** Whether it is ours even if it is initialised already; then it is started again, and nothing of before is left. */
  readonly reclaim?: boolean;
}

/** A PKCS#11 module that is initialised. It is so for the process as a whole, however many users it has. */
export class SharedModule {
  /** Text for C_Initialize. */
  readonly parameters: string | undefined;
  readonly #cryptoki: Cryptoki;
  readonly #refusedPins: RefusedPins;
  /** The users, with what they have said of a restart. */
  readonly #users = new Map<ModuleHandle, Restartable | undefined>();
  /** Whether C_Initialize was ours, so that C_Finalize is too. */
  #ours: boolean;

  /** Throws CryptokiError if the module does not start. */
  constructor(
    cryptoki: Cryptoki,
    { parameters, refusedPins = new RefusedPins(), reclaim = false }: SharedModuleOptions = {},
  ) {
    this.#cryptoki = cryptoki;
    this.#refusedPins = refusedPins;
    this.parameters = parameters;
    this.#ours = cryptoki.initialize(parameters);
    if (this.#ours || !reclaim) return;
    cryptoki.finalize();
    this.#ours = cryptoki.initialize(parameters);
  }

  /** A hold for one more user. `whenUnused` is called when the last one has given it up. */
  share(whenUnused: () => void): ModuleHandle {
    const user: ModuleHandle = {
      cryptoki: this.#cryptoki,
      refusedPins: this.#refusedPins,
      allowRestart: (restartable) => {
        this.#users.set(user, restartable);
      },
      restart: () => this.#restart(),
      release: () => {
        this.#users.delete(user);
        if (this.#users.size > 0) return;
        whenUnused();
        this.#finalize();
      },
    };
    this.#users.set(user, undefined);
    return user;
  }

  #restart(): boolean {
    const users = [...this.#users.values()];
    if (!users.every((user) => user?.mayRestart())) return false;
    this.#finalize();
    if (!this.#cryptoki.initialize(this.parameters)) return false;
    this.#ours = true;
    for (const user of users) user?.forgetHandles();
    return true;
  }

  #finalize(): void {
    if (!this.#ours) return;
    try {
      this.#cryptoki.finalize();
    } catch (error) {
      // There is nothing to finalize in a module that has lost its state or did not start again.
      if (!(error instanceof CryptokiError)) throw error;
    }
  }
}

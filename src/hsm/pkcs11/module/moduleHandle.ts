import type { Cryptoki } from '../cryptoki/cryptoki.ts';
import { CryptokiError } from '../cryptoki/cryptokiError.ts';
import { RefusedPins } from '../token/refusedPins.ts';

/** The hold of one user on a PKCS#11 module. */
export interface ModuleHandle {
  readonly cryptoki: Cryptoki;
  readonly refusedPins: RefusedPins;
  /** Declares that this user can tolerate a restart. The module is not restarted before all users have declared this. */
  readonly allowRestart: (user: Restartable) => void;
  /**
   * Calls C_Finalize and C_Initialize if all users of the module agree. Returns whether it did: then all handles of all users are
   * invalid. Throws CryptokiError if the module does not start again.
   */
  readonly restart: () => boolean;
  /**
   * Releases the module; to be called exactly once. The module is finalized when its last user releases it. None of its calls may
   * be running.
   */
  readonly release: () => void;
}

export interface Restartable {
  /** Whether the module may be restarted now: false while the user works normally, and while any of its calls may be running. */
  mayRestart(): boolean;
  /** Drops all handles of sessions and objects. They are invalid, and the module may reuse their values. */
  forgetHandles(): void;
}

export interface SharedModuleOptions {
  /** Text for C_Initialize. */
  readonly parameters?: string | undefined;
  readonly refusedPins?: RefusedPins;
  /** Whether a module that is already initialised is ours. Then it is restarted, so that no earlier state is left. */
  readonly reclaim?: boolean;
}

/** An initialised PKCS#11 module. Initialisation applies to the whole process, however many users the module has. */
export class SharedModule {
  /** Text for C_Initialize. */
  readonly parameters: string | undefined;
  readonly #cryptoki: Cryptoki;
  readonly #refusedPins: RefusedPins;
  /** The users, each with its declaration about a restart. */
  readonly #users = new Map<ModuleHandle, Restartable | undefined>();
  /** Whether this process called C_Initialize, and so must call C_Finalize. */
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

  /** Makes a hold for one more user. `whenUnused` is called when the last user has released the module. */
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
      // A module that has lost its state, or did not start again, has nothing to finalize.
      if (!(error instanceof CryptokiError)) throw error;
    }
  }
}

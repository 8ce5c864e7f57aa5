import { XksError } from '../../../xks/errors.ts';
import type { KeyManager } from '../../keyManager.ts';
import type { Cryptoki } from '../cryptoki/cryptoki.ts';
import { loadModule } from '../module/loadModule.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { Pkcs11Options } from '../serving/servingKeyManager.ts';
import type { RefusedPins } from '../token/refusedPins.ts';
import { ModuleThread } from './moduleThread.ts';
import { RemoteKeyManager } from './remoteKeyManager.ts';

export interface IsolatedModuleOptions {
  readonly logger: Pkcs11Logger;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** PINs that were refused. Its threads add to them. */
  readonly refusedPins: RefusedPins;
  /** The script of its threads, for tests. */
  readonly script?: URL;
}

/** A PKCS#11 module with `isolation: thread`. It is called in a thread of its own, and in a new thread if that one has died. */
export class IsolatedModule {
  /** Kept loaded here, because code of the module may still run after its thread has died, and must not be unloaded. */
  readonly library: Cryptoki;
  readonly #options: IsolatedModuleOptions;
  readonly #users = new Set<() => void>();
  #thread: ModuleThread | undefined;
  #hasDied = false;
  #opened = 0;

  /** Throws Pkcs11Failure if the shared library cannot be loaded. */
  constructor(file: string, options: IsolatedModuleOptions) {
    this.library = loadModule(file);
    this.#options = options;
  }

  /**
   * Opens a key manager as openServingKeyManager does. `whenGone` is called when the thread has died, and with it the key
   * manager.
   */
  async open(options: Pkcs11Options, whenGone: () => void): Promise<KeyManager> {
    const { name, timeoutMs, sessions } = options;
    this.#opened += 1;
    // Another key manager with this name may still be open.
    const id = `${name}#${this.#opened}`;
    const thread = (this.#thread ??= this.#start());
    try {
      await thread.open({ ...options, id, pin: options.pin.reveal() });
    } catch (error) {
      throw error instanceof XksError
        ? new Pkcs11Failure(`It was not opened: ${error.detail ?? error.message}.`)
        : error;
    }
    this.#users.add(whenGone);
    const onClose = () => this.#users.delete(whenGone);
    return new RemoteKeyManager({ id, name, timeoutMs, sessions, thread, onClose, ...this.#options });
  }

  /**
   * Ends the thread. Resolves to false if a call of the module has not returned after `milliseconds`; then the thread continues.
   */
  async end(milliseconds: number): Promise<boolean> {
    return (await this.#thread?.end(milliseconds)) ?? true;
  }

  #start(): ModuleThread {
    const { refusedPins } = this.#options;
    return new ModuleThread({
      ...this.#options,
      refusedPins: refusedPins.records(),
      reclaim: this.#hasDied,
      onRefusal: (refused) => {
        refusedPins.learn(refused);
      },
      onDeath: () => {
        this.#thread = undefined;
        this.#hasDied = true;
        const users = [...this.#users];
        this.#users.clear();
        for (const whenGone of users) whenGone();
      },
    });
  }
}

import type { Logger } from 'pino';
import { readAgain, readFromDisk, type ConfigSnapshot } from '../config/files/configFiles.ts';
import { ConfigError } from '../config/problems/problem.ts';
import { watchConfig } from '../config/watchConfig.ts';
import type { Identity } from './arn.ts';
import { readConfig, type KmsConfig } from './readConfig.ts';

/**
 * A configuration that is reloaded when its file changes. If the new configuration is invalid, this is logged and the old one stays in
 * force.
 */
export class LiveConfig {
  readonly #file: string | undefined;
  readonly #identity: Identity;
  readonly #log: Logger;
  #current: KmsConfig;
  #snapshot: ConfigSnapshot;
  #stop: (() => void) | undefined;

  /** Without a file, everything has its default. Throws ConfigError. */
  constructor(file: string | undefined, identity: Identity, log: Logger) {
    this.#file = file;
    this.#identity = identity;
    this.#log = log;
    this.#snapshot = readAgain(file === undefined ? {} : { [file]: null }, readFromDisk);
    this.#current = readConfig(file, identity);
  }

  get current(): KmsConfig {
    return this.#current;
  }

  watch(): void {
    this.#stop = watchConfig(
      () => this.#snapshot,
      readFromDisk,
      () => {
        this.#read();
      },
    );
  }

  close(): void {
    this.#stop?.();
  }

  #read(): void {
    this.#snapshot = readAgain(this.#snapshot, readFromDisk);
    try {
      this.#current = readConfig(this.#file, this.#identity);
      this.#log.info({ file: this.#file }, 'the configuration was read again');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#log.error({ detail: error.message }, 'the new configuration cannot be used; the old one stays in force');
    }
  }
}

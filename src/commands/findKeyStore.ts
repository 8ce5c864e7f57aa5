import { loadConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema/schema.ts';
import { CommandFailure, type Cli } from './cli.ts';

export interface FoundKeyStore {
  readonly config: Config;
  /** Index in `keyStores`. */
  readonly index: number;
  readonly keyStore: Config['keyStores'][number];
}

/** Finds the key store with this name in a configuration file. Throws CommandFailure, which lists the existing names. */
export function findKeyStore(cli: Pick<Cli, 'env'>, file: string, name: string): FoundKeyStore {
  const { config } = loadConfig(file, cli.env);
  const { keyStores } = config;
  const index = keyStores.findIndex((store) => store.name === name);
  const keyStore = keyStores[index];
  if (keyStore) return { config, index, keyStore };
  throw new CommandFailure(`no key store ${name}; there is ${keyStores.map((store) => store.name).join(', ')}`);
}

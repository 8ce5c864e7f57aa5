import { dirname } from 'node:path';
import { BlockListProblem, inWords, type Block } from '../../blocks/blockList.ts';
import { blockListPath, editBlockList } from '../../blocks/blockListFile.ts';
import { loadConfig } from '../../config/loadConfig.ts';
import { readRoughly, type RoughConfig } from '../../config/roughConfig.ts';
import type { Config } from '../../config/schema.ts';
import { LockHeld } from '../../fileLock.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { actRecorder, systemUser } from '../recordAct.ts';

export interface BlockOptions {
  readonly config: string;
  /** Blocks what the configuration does not name, too. */
  readonly force?: boolean;
}

/** Blocks a key or a key store, whatever is wrong with the configuration. */
export async function block(cli: Cli, what: Block, { config: file, force = false }: BlockOptions): Promise<void> {
  const { rough, config, path } = read(cli, file);
  const unknown = unknownName(rough, what);
  if (unknown !== undefined && config && !force) {
    throw new CommandFailure(
      `${unknown}. To block it all the same, such as when a proxy still serves an earlier configuration, add --force`,
    );
  }
  if (unknown !== undefined) cli.err(`warning: ${unknown}; it is blocked all the same`);
  const entry = { ...what, since: new Date().toISOString(), by: systemUser(cli.env).name };
  if (!(await edit(path, (list) => list.with(entry)))) {
    cli.out(`The ${inWords(what)} is blocked already, in ${path}.`);
    return;
  }
  await record(cli, config, 'block', what);
  cli.out(
    `Blocked the ${inWords(what)}, in ${path}. Each proxy that follows this file refuses requests for it within a second.`,
  );
}

/** Takes a key or a key store from the block list. */
export async function unblock(cli: Cli, what: Block, { config: file }: BlockOptions): Promise<void> {
  const { rough, config, path } = read(cli, file);
  const wasListed = await edit(path, (list) => list.without(what));
  if (wasListed) await record(cli, config, 'unblock', what);
  const still = stillBlocked(rough, what, file);
  if (still !== undefined) throw new CommandFailure(still);
  cli.out(
    wasListed
      ? `Unblocked the ${inWords(what)}, in ${path}. Each proxy that follows this file serves it within a second.`
      : `The ${inWords(what)} is not blocked, in ${path}.`,
  );
}

function read(cli: Cli, file: string): { rough: RoughConfig; config: Config | undefined; path: string } {
  const rough = readRoughly(file);
  const path = blockListPath(file, rough.blockListFile);
  try {
    return { rough, config: loadConfig(file, cli.env).config, path };
  } catch {
    cli.err(`warning: ${file} has problems, which do not matter here; xks-proxy config check tells them`);
    return { rough, config: undefined, path };
  }
}

function unknownName({ keyStores }: RoughConfig, { keyStore, externalKeyId }: Block): string | undefined {
  const store = keyStores.find(({ name }) => name === keyStore);
  if (!store) return `no key store ${keyStore}; there is ${listed(keyStores.map(({ name }) => name))}`;
  if (externalKeyId === undefined || store.keys.some(({ id }) => id === externalKeyId)) return undefined;
  return `the key store ${keyStore} has no external key ${externalKeyId}; it has ${listed(store.keys.map(({ id }) => id))}`;
}

/** Why something that the list does not name is refused nevertheless. */
function stillBlocked({ keyStores }: RoughConfig, what: Block, file: string): string | undefined {
  const { keyStore, externalKeyId } = what;
  const store = keyStores.find(({ name }) => name === keyStore);
  const entry = externalKeyId === undefined ? store : store?.keys.find(({ id }) => id === externalKeyId);
  if (!entry?.isBlocked) return undefined;
  return `the ${inWords(what)} stays blocked: ${file} says status: blocked; change it there`;
}

/** Returns whether there was anything to change. */
async function edit(path: string, change: Parameters<typeof editBlockList>[1]): Promise<boolean> {
  try {
    return await editBlockList(path, change);
  } catch (error) {
    if (error instanceof BlockListProblem)
      throw new CommandFailure(`the block list ${path} ${error.message}; mend it, or remove it to block nothing`);
    if (error instanceof LockHeld) throw new CommandFailure(`${error.message}; try again when it has ended`);
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(
      `nothing was changed: cannot write the block list ${path} (${code}). Run this as a user who may write to ${dirname(path)}; ` +
        `where that is read-only, name a file in a volume with blockList: { file: ... }, or set status: blocked where the configuration comes from`,
    );
  }
}

async function record(cli: Cli, config: Config | undefined, verb: string, what: Block): Promise<void> {
  if (!config) {
    cli.err(
      'warning: this command is not recorded in the audit log, since the configuration has problems; the proxy records what it does',
    );
    return;
  }
  const act = what.externalKeyId === undefined ? `keystore ${verb}` : `key ${verb}`;
  await actRecorder(cli, config)({ act, ...what });
}

function listed(names: readonly string[]): string {
  return names.join(', ') || 'none';
}

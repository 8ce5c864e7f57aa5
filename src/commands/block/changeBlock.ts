import { dirname } from 'node:path';
import { BlockListProblem, describeBlock, type Block, type BlockList } from '../../blocks/blockList.ts';
import { editBlockList } from '../../blocks/blockListFile.ts';
import { NAME_PATTERN } from '../../config/schema/fields.ts';
import { loadConfig } from '../../config/loadConfig.ts';
import { readRoughly, type RoughConfig } from '../../config/roughConfig.ts';
import type { Config } from '../../config/schema/schema.ts';
import { EXTERNAL_KEY_ID_PATTERN } from '../../xks/path.ts';
import { LockHeld } from '../../fileLock.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { actRecorder, systemUser } from '../recordAct.ts';
import { damaged, findBlockList, readForCommand, type BlockListChoice } from './findBlockList.ts';

export interface BlockOptions extends BlockListChoice {
  /** Blocks what the configuration does not name, too. */
  readonly force?: boolean;
}

/** Blocks a key or a key store, whatever is wrong with the configuration. */
export async function block(cli: Cli, what: Block, options: BlockOptions): Promise<void> {
  refuseImpossibleName(what);
  const { config: file, force = false } = options;
  const rough = readRoughly(file);
  const path = findBlockList(cli, rough, options);
  const unknown = unknownName(rough, what);
  if (unknown !== undefined && !force && rough.fault === undefined) {
    throw new CommandFailure(
      `${unknown}. To block it all the same, such as when a proxy still serves an earlier configuration, add --force`,
    );
  }
  if (unknown !== undefined) cli.err(`warning: ${unknown}; it is blocked all the same`);
  const { sudoUser, name, uid } = systemUser(cli.env);
  const entry = { ...what, since: new Date().toISOString(), by: sudoUser ?? name ?? `uid ${uid ?? 'unknown'}` };
  if (!(await edit(path, (list) => list.with(entry)))) {
    cli.out(`The ${describeBlock(what)} is blocked already, in ${path}.`);
    return;
  }
  cli.out(
    `Blocked the ${describeBlock(what)}, in ${path}. Each proxy that follows this file refuses requests for it within a second.`,
  );
  await record(cli, file, 'block', what);
}

/** Takes a key or a key store from the block list. Throws CommandFailure if it is blocked otherwise, too. */
export async function unblock(cli: Cli, what: Block, options: BlockListChoice): Promise<void> {
  const { config: file } = options;
  const rough = readRoughly(file);
  const path = findBlockList(cli, rough, options);
  const wasListed = await edit(path, (list) => list.without(what));
  if (wasListed) await record(cli, file, 'unblock', what);
  const still = stillBlocked(rough, await readForCommand(path), what, file);
  if (still !== undefined) throw new CommandFailure(`the ${describeBlock(what)} stays blocked: ${still}`);
  cli.out(
    wasListed
      ? `Unblocked the ${describeBlock(what)}, in ${path}. Each proxy that follows this file serves it within a second.`
      : `The ${describeBlock(what)} is not blocked, in ${path}.`,
  );
}

/** The configuration; undefined if it has problems, which must not keep a key from being pulled. */
function validConfig(cli: Cli, file: string): Config | undefined {
  try {
    return loadConfig(file, cli.env).config;
  } catch {
    return undefined;
  }
}

/** A proxy could not read a block list with some of them. */
function refuseImpossibleName({ keyStore, externalKeyId }: Block): void {
  if (!NAME_PATTERN.test(keyStore))
    throw new CommandFailure('the name of a key store is 1 to 64 characters of A-Za-z0-9._-');
  if (externalKeyId !== undefined && !EXTERNAL_KEY_ID_PATTERN.test(externalKeyId))
    throw new CommandFailure('the id of an external key is 1 to 128 characters of A-Za-z0-9-_.');
}

function unknownName({ keyStores }: RoughConfig, { keyStore, externalKeyId }: Block): string | undefined {
  const store = keyStores.find(({ name }) => name === keyStore);
  if (!store) return `no key store ${keyStore}; there is ${listed(keyStores.map(({ name }) => name))}`;
  if (externalKeyId === undefined || store.keys.some(({ id }) => id === externalKeyId)) return undefined;
  return `the key store ${keyStore} has no external key ${externalKeyId}; it has ${listed(store.keys.map(({ id }) => id))}`;
}

/** Why something that the list no longer names is refused nevertheless. */
function stillBlocked(
  { keyStores }: RoughConfig,
  list: BlockList,
  { keyStore, externalKeyId }: Block,
  file: string,
): string | undefined {
  const store = keyStores.find(({ name }) => name === keyStore);
  const key = store?.keys.find(({ id }) => id === externalKeyId);
  if (store?.isBlocked) return `${file} says status: blocked of the key store; change it there`;
  if (key?.isBlocked) return `${file} says status: blocked of the key; change it there`;
  return list.has({ keyStore }) ? `its key store is; run xks-proxy keystore unblock ${keyStore}` : undefined;
}

/** Returns whether there was anything to change. */
async function edit(path: string, change: Parameters<typeof editBlockList>[1]): Promise<boolean> {
  try {
    return await editBlockList(path, change);
  } catch (error) {
    if (error instanceof BlockListProblem) throw damaged(path, error);
    if (error instanceof LockHeld) {
      throw new CommandFailure(
        `nothing was changed: ${error.message}. Run this again when that process has ended; if it hangs, end it; if there is none, remove the lock`,
      );
    }
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(
      `nothing was changed: cannot write the block list ${path} (${code}). Run this as a user who may write to ${dirname(path)}; ` +
        `where that is read-only, name a file in a volume with blockList: { file: ... }, or set status: blocked where the configuration comes from`,
    );
  }
}

async function record(cli: Cli, file: string, verb: string, what: Block): Promise<void> {
  const config = validConfig(cli, file);
  if (!config) {
    cli.err(
      `warning: ${file} has problems (xks-proxy config check tells them), so this command is not recorded in the audit log; each proxy records the change`,
    );
    return;
  }
  const act = what.externalKeyId === undefined ? `keystore ${verb}` : `key ${verb}`;
  await actRecorder(cli, config)({ act, ...what });
}

function listed(names: readonly string[]): string {
  return names.join(', ') || 'none';
}

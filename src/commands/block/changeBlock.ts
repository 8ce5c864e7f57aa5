import { existsSync } from 'node:fs';
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
  /** Also blocks a key or key store that the configuration does not name. */
  readonly force?: boolean;
}

const IF_REFUSED =
  'If a running proxy still refuses it, that proxy keeps the blocks of a list that has disappeared. ' +
  'Block something, and unblock it: this writes a new list, which replaces those blocks.';

/** Blocks a key or a key store, whatever is wrong with the configuration. */
export async function block(cli: Cli, what: Block, options: BlockOptions): Promise<void> {
  refuseImpossibleName(what);
  const { config: file, force = false } = options;
  const rough = readRoughly(file);
  const path = findBlockList(cli, rough, options);
  const unknown = unknownName(rough, what);
  if (unknown !== undefined && !force && rough.fault === undefined) {
    throw new CommandFailure(
      `${unknown}. To block it all the same, for example because a proxy still serves an earlier configuration, add --force`,
    );
  }
  if (unknown !== undefined) cli.err(`warning: ${unknown}; it is blocked all the same`);
  const { sudoUser, name, uid } = systemUser(cli.env);
  const entry = { ...what, since: new Date().toISOString(), by: sudoUser ?? name ?? `uid ${uid ?? 'unknown'}` };
  if (!(await edit(path, (list) => list.with(entry)))) {
    cli.out(`The ${describeBlock(what)} is already blocked, in ${path}.`);
    return;
  }
  cli.out(
    `Blocked the ${describeBlock(what)}, in ${path}. Each proxy that follows this file refuses requests for it within a second.`,
  );
  await record(cli, file, 'block', what);
}

/** Removes a key or key store from the block list. Throws CommandFailure if something else still blocks it. */
export async function unblock(cli: Cli, what: Block, options: BlockListChoice): Promise<void> {
  const { config: file } = options;
  const rough = readRoughly(file);
  const path = findBlockList(cli, rough, options);
  const wasListed = await edit(path, (list) => list.without(what));
  if (wasListed) await record(cli, file, 'unblock', what);
  const still = stillBlocked(rough, await readForCommand(path), what, file);
  if (still !== undefined) throw new CommandFailure(`the ${describeBlock(what)} stays blocked: ${still}`);
  if (wasListed) {
    cli.out(
      `Unblocked the ${describeBlock(what)}, in ${path}. Each proxy that follows this file serves it again within a second.`,
    );
  } else if (existsSync(path)) cli.out(`The ${describeBlock(what)} is not blocked, in ${path}.`);
  else cli.out(`The ${describeBlock(what)} is not blocked: there is no block list ${path}. ${IF_REFUSED}`);
}

/** Loads the configuration. Undefined if it has problems, because these must not keep a key from being blocked. */
function validConfig(cli: Cli, file: string): Config | undefined {
  try {
    return loadConfig(file, cli.env).config;
  } catch {
    return undefined;
  }
}

/** Refuses names that no key can have. Some of them would make the block list unreadable for a proxy. */
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

/** Explains why a key or key store is still blocked although the list no longer names it. */
function stillBlocked(
  { keyStores }: RoughConfig,
  list: BlockList,
  { keyStore, externalKeyId }: Block,
  file: string,
): string | undefined {
  const store = keyStores.find(({ name }) => name === keyStore);
  const key = store?.keys.find(({ id }) => id === externalKeyId);
  if (store?.isBlocked) return `${file} sets status: blocked for the key store; change it there`;
  if (key?.isBlocked) return `${file} sets status: blocked for the key; change it there`;
  return list.has({ keyStore }) ? `its key store is; run xks-proxy keystore unblock ${keyStore}` : undefined;
}

/** Edits the block list. Returns whether anything has changed. */
async function edit(path: string, change: Parameters<typeof editBlockList>[1]): Promise<boolean> {
  try {
    return await editBlockList(path, change);
  } catch (error) {
    if (error instanceof BlockListProblem) throw damaged(path, error);
    if (error instanceof LockHeld) {
      throw new CommandFailure(
        `nothing was changed: ${error.message}. Run this again when that process has ended. If it hangs, end it. If there is no such process, remove the lock`,
      );
    }
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(
      `nothing was changed: cannot write the block list ${path} (${code}). Run this as a user who may write to ${dirname(path)}; ` +
        `if that is read-only, name a file on a writable volume with blockList: { file: ... }, or set status: blocked in the source of the configuration`,
    );
  }
}

async function record(cli: Cli, file: string, verb: string, what: Block): Promise<void> {
  const config = validConfig(cli, file);
  if (!config) {
    cli.err(
      `warning: ${file} has problems (xks-proxy config check lists them), so this command is not recorded in the audit log; each proxy records the change`,
    );
    return;
  }
  const act = what.externalKeyId === undefined ? `keystore ${verb}` : `key ${verb}`;
  await actRecorder(cli, config)({ act, ...what });
}

function listed(names: readonly string[]): string {
  return names.join(', ') || 'none';
}

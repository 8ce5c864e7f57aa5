import { resolve } from 'node:path';
import { Option } from 'commander';
import { BlockListProblem, type BlockList } from '../../blocks/blockList.ts';
import { blockListPath, readBlockList } from '../../blocks/blockListFile.ts';
import type { RoughConfig } from '../../config/roughConfig.ts';
import { CommandFailure, type Cli } from '../cli.ts';

export interface BlockListChoice {
  /** The configuration file. */
  readonly config: string;
  /** File of the block list, for a configuration that is too damaged to name it. */
  readonly blockList?: string;
}

export function blockListOption(): Option {
  return new Option('--block-list <file>', 'the block list (default: the one that the configuration names)');
}

/**
 * Finds the path of a configuration's block list. Warns if the path is a guess. Throws CommandFailure if a guess is likely to
 * be wrong.
 */
export function findBlockList(
  cli: Pick<Cli, 'err'>,
  rough: RoughConfig,
  { config, blockList }: BlockListChoice,
): string {
  if (blockList !== undefined) return resolve(blockList);
  if (rough.fault === 'does not exist') {
    throw new CommandFailure(
      `${config} does not exist. If the running proxy was started with this file name, name its block list with --block-list FILE`,
    );
  }
  if (rough.blockList === 'uncertain') {
    throw new CommandFailure(
      `${config} ${rough.fault ?? ''} in the place where it names the block list. Name the block list with --block-list FILE`,
    );
  }
  const path = blockListPath(config, rough.blockList.file);
  if (rough.fault !== undefined && rough.blockList.file === undefined) {
    cli.err(
      `warning: ${config} ${rough.fault}. If it named a block list other than ${path}, name that one with --block-list FILE`,
    );
  }
  return path;
}

/** Reads a block list. Throws CommandFailure. */
export async function readForCommand(path: string): Promise<BlockList> {
  try {
    return await readBlockList(path);
  } catch (error) {
    throw error instanceof BlockListProblem ? damaged(path, error) : error;
  }
}

export function damaged(path: string, { message }: BlockListProblem): CommandFailure {
  return new CommandFailure(
    `the block list ${path} ${message}. Repair it, or move it away and block everything in it again; the log of the proxy lists its blocks`,
  );
}

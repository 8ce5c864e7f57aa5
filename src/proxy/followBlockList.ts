import type { Logger } from 'pino';
import type { Trail } from '../audit/trail/trail.ts';
import { BlockListProblem, inWords } from '../blocks/blockList.ts';
import { blockListPath } from '../blocks/blockListFile.ts';
import { FollowedBlockList } from '../blocks/followedBlockList.ts';
import type { Config } from '../config/schema.ts';

/** The block list cannot be read at the start; the message says why. */
export class BlockListFailure extends Error {
  override readonly name = 'BlockListFailure';
}

/** Follows the block list of a configuration file, and logs and records its changes. Throws BlockListFailure. */
export function followBlockList(
  configFile: string,
  { blockList: written }: Pick<Config, 'blockList'>,
  { log, trail }: { readonly log: Logger; readonly trail: Pick<Trail, 'note'> },
): FollowedBlockList {
  const file = blockListPath(configFile, written?.file);
  try {
    const followed = new FollowedBlockList(file, {
      changed: (changes) => {
        log.warn({ file, changes }, 'the block list was changed');
        trail.note('reload', { trigger: 'block list', outcome: 'success', changes });
      },
      problem: (problem) => {
        if (problem === undefined) log.info({ file }, 'the block list can be read again');
        else log.error({ file, problem }, 'the block list cannot be read: the blocks before stay in force');
      },
    });
    const blocked = followed.list.blocks.map(inWords);
    if (blocked.length > 0) log.warn({ file, blocked }, 'blocked by the block list');
    return followed;
  } catch (error) {
    if (!(error instanceof BlockListProblem)) throw error;
    throw new BlockListFailure(
      `the block list ${file} ${error.message}: nothing is served, because what it blocks is not known. Mend it, or remove it to block nothing`,
    );
  }
}

import type { Logger } from 'pino';
import type { Trail } from '../audit/trail/trail.ts';
import { BlockListProblem, describeBlock, type BlockList } from '../blocks/blockList.ts';
import { blockListPath } from '../blocks/blockListFile.ts';
import { FollowedBlockList, type BlockListObserver } from '../blocks/followedBlockList.ts';
import type { Config } from '../config/schema/schema.ts';

/** The block list cannot be read at the start. The message says why. */
export class BlockListFailure extends Error {
  override readonly name = 'BlockListFailure';
}

interface Dependencies {
  readonly log: Logger;
  readonly trail: Pick<Trail, 'note'>;
  /** The list that other processes of the proxy have in force. */
  readonly blocksInForce?: BlockList | undefined;
  /** Called with the list in force, now and after each change. */
  readonly onBlocks?: ((list: BlockList) => void) | undefined;
}

/** Follows the block list of a configuration file, and logs and records its changes. Throws BlockListFailure. */
export async function followBlockList(
  configFile: string,
  { blockList: written }: Pick<Config, 'blockList'>,
  { log, trail, blocksInForce: inForce, onBlocks }: Dependencies,
): Promise<FollowedBlockList> {
  const file = blockListPath(configFile, written?.file);
  try {
    const observer: BlockListObserver = {
      changed: (changes, list) => {
        log.warn({ file, changes }, 'the block list was changed');
        trail.note('reload', { trigger: 'block list', outcome: 'success', changes });
        onBlocks?.(list);
      },
      problem: (problem) => {
        if (problem === undefined) {
          log.info({ file }, 'the block list can be read again');
          return;
        }
        log.error({ file, problem }, 'the block list cannot be read: the previous blocks stay in force');
        trail.note('reload', { trigger: 'block list', outcome: 'failure', problems: [`${file} ${problem}`] });
      },
    };
    const followed = await FollowedBlockList.follow(file, observer, { inForce });
    onBlocks?.(followed.list);
    const blocked = followed.list.blocks.map(describeBlock);
    if (blocked.length > 0) log.warn({ file, blocked }, 'blocked by the block list');
    return followed;
  } catch (error) {
    if (!(error instanceof BlockListProblem)) throw error;
    throw new BlockListFailure(
      `the block list ${file} ${error.message}: nothing is served, because its blocks are not known. Repair it, or move it away to block nothing`,
    );
  }
}

import { BlockListProblem, describeBlock } from '../blocks/blockList.ts';
import { blockListPath, readBlockList } from '../blocks/blockListFile.ts';
import { failure, ok, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

const ADVICE =
  'correct it; without it, a proxy starts with nothing blocked, and a running one keeps the blocks that it has read';

/** Checks that `serve` can read the block list, and lists what it blocks. */
export async function* checkBlockList({ file: configFile, config }: LoadedContext): AsyncGenerator<Finding> {
  const file = blockListPath(configFile, config.blockList?.file);
  try {
    const blocked = (await readBlockList(file)).blocks.map(describeBlock);
    yield ok('block list', blocked.length === 0 ? 'it blocks nothing' : `it blocks ${blocked.join(', ')}`);
  } catch (error) {
    if (!(error instanceof BlockListProblem)) throw error;
    yield failure('block list', `${file} ${error.message}`, ADVICE);
  }
}

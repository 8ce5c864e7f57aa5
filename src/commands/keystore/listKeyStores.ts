import { describeBlock, type BlockList } from '../../blocks/blockList.ts';
import { readRoughly, type RoughConfig } from '../../config/roughConfig.ts';
import { formatTable } from '../../formatTable.ts';
import type { Cli } from '../cli.ts';
import { findBlockList, readForCommand, type BlockListChoice } from '../block/findBlockList.ts';

/** Places that block a key or a key store. */
interface Blocked {
  readonly inConfiguration: boolean;
  /** Null if the block list does not name it. */
  readonly inBlockList: { readonly since?: string | undefined; readonly by?: string | undefined } | null;
}

export interface ListedKeyStore {
  readonly name: string;
  /** Null if the configuration does not have this key store. */
  readonly uriPathPrefix: string | null;
  readonly status: 'enabled' | 'blocked';
  readonly blocked: Blocked | null;
  readonly keys: number;
  readonly blockedKeys: readonly (Blocked & { readonly externalKeyId: string })[];
}

/**
 * Lists the key stores of a configuration file and of its block list, even if the configuration has problems. Throws
 * CommandFailure.
 */
export async function listKeyStores(cli: Pick<Cli, 'err'>, choice: BlockListChoice): Promise<ListedKeyStore[]> {
  const rough = readRoughly(choice.config);
  const list = await readForCommand(findBlockList(cli, rough, choice));
  const names = new Set(
    [...rough.keyStores, ...list.blocks.map(({ keyStore }) => ({ name: keyStore }))].map(({ name }) => name),
  );
  return [...names].map((name) => describe(name, rough, list));
}

function describe(name: string, { keyStores }: RoughConfig, list: BlockList): ListedKeyStore {
  const written = keyStores.find((store) => store.name === name);
  const keys = written?.keys ?? [];
  const ids = new Set([
    ...keys.map(({ id }) => id),
    ...list.blocks.flatMap(({ keyStore, externalKeyId }) =>
      keyStore === name && externalKeyId !== undefined ? [externalKeyId] : [],
    ),
  ]);
  const blocked = whatBlocks(written?.isBlocked, list, name);
  return {
    name,
    uriPathPrefix: written?.uriPathPrefix ?? null,
    status: blocked ? 'blocked' : 'enabled',
    blocked: blocked ?? null,
    keys: keys.length,
    blockedKeys: [...ids].flatMap((externalKeyId) => {
      const by = whatBlocks(keys.find(({ id }) => id === externalKeyId)?.isBlocked, list, name, externalKeyId);
      return by ? [{ externalKeyId, ...by }] : [];
    }),
  };
}

function whatBlocks(
  inConfiguration = false,
  { blocks }: BlockList,
  keyStore: string,
  externalKeyId?: string,
): Blocked | undefined {
  const listed = blocks.find((block) => block.keyStore === keyStore && block.externalKeyId === externalKeyId);
  if (!inConfiguration && !listed) return undefined;
  return { inConfiguration, inBlockList: listed ? { since: listed.since, by: listed.by } : null };
}

/** Formats a table of the key stores and, below it, a table of the blocks with their places, times and users. */
export function keyStoreTable(keyStores: readonly ListedKeyStore[]): string {
  if (keyStores.length === 0) return 'The configuration has no key stores.';
  const rows = keyStores.map(({ name, uriPathPrefix, status, keys, blockedKeys }) => [
    name,
    uriPathPrefix === null ? 'not in the configuration' : uriPathPrefix || '""',
    status,
    String(keys),
    String(blockedKeys.length),
  ]);
  const blocks = keyStores.flatMap(({ name, blocked, blockedKeys }) => [
    ...(blocked ? [[describeBlock({ keyStore: name }), ...why(blocked)]] : []),
    ...blockedKeys.map((key) => [describeBlock({ keyStore: name, externalKeyId: key.externalKeyId }), ...why(key)]),
  ]);
  const table = formatTable([['NAME', 'URI_PATH_PREFIX', 'STATUS', 'KEYS', 'BLOCKED_KEYS'], ...rows]);
  return blocks.length === 0 ? table : `${table}\n\n${formatTable([['BLOCKED', 'WHERE', 'SINCE', 'BY'], ...blocks])}`;
}

function why({ inConfiguration, inBlockList }: Blocked): string[] {
  const places = [...(inConfiguration ? ['configuration'] : []), ...(inBlockList ? ['block list'] : [])];
  return [places.join(', '), inBlockList?.since ?? '-', inBlockList?.by ?? '-'];
}

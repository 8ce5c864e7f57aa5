import type { Registry } from 'prom-client';
import { BlockList } from '../../blocks/blockList.ts';
import type { FollowedBlockList } from '../../blocks/followedBlockList.ts';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import { readGauge } from './readGauge.ts';

export interface BlockMetricsOptions {
  readonly keyStores: () => readonly KeyStore[];
  /** Returns undefined while the proxy starts. */
  readonly blockList: () => Pick<FollowedBlockList, 'list' | 'problem'> | undefined;
}

/** Metrics of keys and key stores that an operator has blocked, in the configuration or in the block list. */
export function blockMetrics(registry: Registry, { keyStores, blockList }: BlockMetricsOptions): void {
  readGauge(registry, {
    name: 'xks_proxy_key_store_blocked',
    help: '1 if a key store is blocked, in every process: each request to it is an InvalidStateException.',
    labelNames: ['key_store'],
    aggregator: 'min',
    read: () =>
      keyStores().map(({ name, status }) => {
        const isBlocked = status === 'blocked' || listed().has({ keyStore: name });
        return [{ key_store: name }, Number(isBlocked)];
      }),
  });
  readGauge(registry, {
    name: 'xks_proxy_key_blocked',
    help: '1 for each key that is blocked; keys that are not have no series.',
    labelNames: ['key_store', 'external_key_id'],
    aggregator: 'max',
    read: () =>
      keyStores().flatMap(({ name, keys }) =>
        [...keys.values()]
          .filter(({ id, status }) => status === 'blocked' || listed().has({ keyStore: name, externalKeyId: id }))
          .map(({ id }) => [{ key_store: name, external_key_id: id }, 1] as const),
      ),
  });
  readGauge(registry, {
    name: 'xks_proxy_block_list_unreadable',
    help: '1 while a process cannot read the block list: the blocks that it read last stay in force.',
    labelNames: [],
    aggregator: 'max',
    read: () => [[{}, Number(blockList()?.problem !== undefined)]],
  });

  function listed(): BlockList {
    return blockList()?.list ?? BlockList.EMPTY;
  }
}

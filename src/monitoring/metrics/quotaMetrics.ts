import type { Registry } from 'prom-client';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import { readGauge } from './readGauge.ts';

/** Metrics of the quotas of key stores. Each process reports its share. */
export function quotaMetrics(registry: Registry, keyStores: () => readonly KeyStore[]): void {
  readGauge(registry, {
    name: 'xks_proxy_key_store_quota_requests_per_second',
    help: 'Requests a second that the quota of a key store allows; a key store without a quota has no series.',
    labelNames: ['key_store'],
    aggregator: 'sum',
    read: () =>
      keyStores().flatMap(({ name, quota }) =>
        quota ? [[{ key_store: name }, quota.rate.requestsPerSecond] as const] : [],
      ),
  });
}

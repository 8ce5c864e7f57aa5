import type { Registry } from 'prom-client';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import { readGauge } from './readGauge.ts';

/**
 * Metrics of a process's credentials: when it first had them, and when they last signed a request. Returns a function that notes
 * a use. `usedAt` is in milliseconds since the epoch.
 */
export function credentialMetrics(
  registry: Registry,
  { keyStores, clock }: { readonly keyStores: () => readonly KeyStore[]; readonly clock: () => number },
): (accessKeyId: string, usedAt: number) => void {
  // Milliseconds since the epoch, by access key id.
  const firstSeen = new Map<string, number>();
  const lastUsed = new Map<string, number>();
  const labelNames = ['key_store', 'access_key_id'] as const;
  const read = (millisecondsOf: (accessKeyId: string) => number) =>
    keyStores().flatMap(({ name, credentials }) =>
      [...credentials.keys()].map((id) => {
        return [{ key_store: name, access_key_id: id }, millisecondsOf(id) / 1000] as const;
      }),
    );

  readGauge(registry, {
    name: 'xks_proxy_credential_first_seen_timestamp_seconds',
    help: 'When a process of the proxy first had the credential, in Unix time. The credential is at least this old.',
    labelNames,
    aggregator: 'min',
    read: () => {
      const now = clock();
      return read((id) => {
        const seen = firstSeen.get(id) ?? now;
        firstSeen.set(id, seen);
        return seen;
      });
    },
  });
  readGauge(registry, {
    name: 'xks_proxy_credential_last_used_timestamp_seconds',
    help: 'When the credential last signed a request, in Unix time; 0 if it has not since the process began.',
    labelNames,
    aggregator: 'max',
    read: () => read((id) => lastUsed.get(id) ?? 0),
  });
  return (accessKeyId, usedAt) => {
    lastUsed.set(accessKeyId, usedAt);
    // The metrics may be read for the first time after this.
    firstSeen.set(accessKeyId, firstSeen.get(accessKeyId) ?? usedAt);
  };
}

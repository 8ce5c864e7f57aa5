import { Counter, type Registry } from 'prom-client';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import type { EndedRequest } from '../../http/respond.ts';
import { nameOfVersion, newestVersion } from '../../operations/externalKey.ts';
import { readGauge } from './readGauge.ts';

/**
 * Metrics of key versions: how often each has served, and when last. Returns a function that counts a request. `endedAt` is in
 * milliseconds since the epoch. Each process counts from its start; `audit query --count` has the exact number.
 */
export function keyVersionMetrics(
  registry: Registry,
  keyStores: () => readonly KeyStore[],
): (request: EndedRequest, endedAt: number) => void {
  const labelNames = ['key_store', 'external_key_id', 'key_version'] as const;
  const operations = new Counter({
    name: 'xks_proxy_key_version_operations_total',
    help: 'Successful operations by the version of the key that served, which is the label, or the CKA_ID, of a key in the key manager.',
    labelNames: [...labelNames, 'operation'],
    registers: [registry],
  });
  // Milliseconds since the epoch, by key store, external key and version.
  const lastUsed = new Map<string, number>();
  readGauge(registry, {
    name: 'xks_proxy_key_version_last_used_timestamp_seconds',
    help: 'When a version of a key was last used, in Unix time. newest is true for the version that encrypts. Versions that were not used have no series.',
    labelNames: [...labelNames, 'newest'],
    aggregator: 'max',
    read: () =>
      keyStores().flatMap(({ name, keys }) =>
        [...keys.values()].flatMap((key) =>
          key.versions.flatMap((version) => {
            const at = lastUsed.get(nameOf(name, key.id, nameOfVersion(version)));
            if (at === undefined) return [];
            const newest = String(newestVersion(key) === version);
            return [
              [
                { key_store: name, external_key_id: key.id, key_version: nameOfVersion(version), newest },
                at / 1000,
              ] as const,
            ];
          }),
        ),
      ),
  });
  return ({ keyStore, externalKeyId, keyVersion, operation, outcome, errorName }, endedAt) => {
    if (keyStore === undefined || externalKeyId === undefined || keyVersion === undefined || operation === undefined)
      return;
    // The key has served, although the client did not take the answer.
    if (outcome === 'failure' || errorName !== undefined) return;
    operations.inc({ key_store: keyStore, external_key_id: externalKeyId, key_version: keyVersion, operation });
    lastUsed.set(nameOf(keyStore, externalKeyId, keyVersion), endedAt);
  };
}

// None of the parts contains this character.
function nameOf(...parts: readonly string[]): string {
  return parts.join('\0');
}

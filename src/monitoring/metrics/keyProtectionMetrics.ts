import type { Registry } from 'prom-client';
import type { KeyDescription, KeySelector } from '../../hsm/keyManager.ts';
import { protectionProblems, type ProtectionProblem } from '../../hsm/keyProtection.ts';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import { nameOfVersion } from '../../operations/externalKey.ts';
import { readGauge } from './readGauge.ts';

/** Metrics of served keys that are not protected. Returns a function that notes a key manager's description of a key. */
export function keyProtectionMetrics(
  registry: Registry,
  keyStores: () => readonly KeyStore[],
): (keyManager: string, key: KeySelector, description: KeyDescription) => void {
  const problems = new Map<string, readonly ProtectionProblem[]>();
  readGauge(registry, {
    name: 'xks_proxy_key_unprotected',
    help: '1 for each problem of a key that is served: extractable, it can leave the key manager; not_sensitive, its bytes can be read there in the clear.',
    labelNames: ['key_store', 'external_key_id', 'key_version', 'key_manager', 'problem'],
    aggregator: 'max',
    read: () =>
      keyStores().flatMap(({ name, keys, keyManagers }) =>
        [...keys.values()].flatMap(({ id, versions }) =>
          versions.flatMap((version) =>
            keyManagers.flatMap(({ keyManager }) => {
              const found = problems.get(placeOf(keyManager.name, version)) ?? [];
              const key = { key_store: name, external_key_id: id, key_version: nameOfVersion(version) };
              return found.map((problem) => [{ ...key, key_manager: keyManager.name, problem }, 1] as const);
            }),
          ),
        ),
      ),
  });
  return (keyManager, key, description) => {
    const found = protectionProblems(description);
    if (found.length > 0) problems.set(placeOf(keyManager, key), found);
    else problems.delete(placeOf(keyManager, key));
  };
}

function placeOf(keyManager: string, { label, ckaId }: KeySelector): string {
  return JSON.stringify([keyManager, label, ckaId]);
}

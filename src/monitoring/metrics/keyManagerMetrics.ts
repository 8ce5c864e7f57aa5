import { Histogram, type Registry } from 'prom-client';
import type { GuardedKeyManager } from '../../keyStores/failover.ts';
import type { KeyManager, KeyManagerLoad } from '../../hsm/keyManager.ts';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import { isServing } from '../../keyStores/readiness.ts';
import { HEALTH_STATUSES } from '../../xks/messages/getHealthStatus.ts';
import { keyProtectionMetrics } from './keyProtectionMetrics.ts';
import { LATENCY_BUCKETS } from './latencyBuckets.ts';
import { MeasuredKeyManager } from './measuredKeyManager.ts';
import { readGauge } from './readGauge.ts';
import type { WorkBatch } from './workBatch.ts';

/** Metrics of the key managers behind `keyStores`. Returns a function that measures the operations of a key manager. */
export function keyManagerMetrics(
  registry: Registry,
  keyStores: () => readonly KeyStore[],
  batch: WorkBatch,
): (keyManager: KeyManager) => KeyManager {
  const managers = (): GuardedKeyManager[] => [...new Set(keyStores().flatMap(({ keyManagers }) => keyManagers))];
  const labelNames = ['key_manager'] as const;

  readGauge(registry, {
    name: 'xks_proxy_key_manager_health',
    help: 'Status of a key manager by its deep check: 1 for the current status, 0 for the others.',
    labelNames: ['key_manager', 'status'],
    aggregator: 'max',
    read: () =>
      managers().flatMap((manager) => {
        const { healthStatus } = manager.health();
        const key_manager = manager.keyManager.name;
        return HEALTH_STATUSES.map((status) => [{ key_manager, status }, Number(status === healthStatus)] as const);
      }),
  });
  readGauge(registry, {
    name: 'xks_proxy_key_store_serving',
    help: '1 if a key manager of the key store can serve, 0 if none can.',
    labelNames: ['key_store'],
    aggregator: 'min',
    read: () => keyStores().map((keyStore) => [{ key_store: keyStore.name }, Number(isServing(keyStore))]),
  });

  const loadGauge = (name: string, help: string, figure: keyof KeyManagerLoad): void => {
    readGauge(registry, {
      name,
      help,
      labelNames,
      aggregator: 'sum',
      read: () =>
        managers().flatMap(({ keyManager }) => {
          const load = keyManager.load?.();
          return load ? [[{ key_manager: keyManager.name }, load[figure]] as const] : [];
        }),
    });
  };
  loadGauge('xks_proxy_key_manager_sessions', 'Sessions that a key manager may lend at once.', 'sessions');
  loadGauge('xks_proxy_key_manager_sessions_in_use', 'Sessions lent to operations.', 'sessionsInUse');
  loadGauge(
    'xks_proxy_key_manager_operations_waiting',
    'Operations that wait for a free session.',
    'operationsWaiting',
  );

  const duration = new Histogram({
    name: 'xks_proxy_key_manager_operation_duration_seconds',
    help: 'Time of an operation of a key manager, including waits, a second attempt, and health checks.',
    labelNames: ['key_manager', 'operation', 'error_name'],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const noteProtection = keyProtectionMetrics(registry, keyStores);
  return (keyManager) =>
    new MeasuredKeyManager(keyManager, {
      measured: ({ operation, errorName, seconds }) => {
        batch.add(() => {
          duration.observe({ key_manager: keyManager.name, operation, error_name: errorName ?? 'none' }, seconds);
        });
      },
      described: (key, description) => {
        noteProtection(keyManager.name, key, description);
      },
    });
}

import { Counter, Gauge, Registry } from 'prom-client';
import type { FollowedBlockList } from '../../blocks/followedBlockList.ts';
import type { TlsIdentity } from '../../certificates/tlsIdentity.ts';
import type { KeyManager } from '../../hsm/keyManager.ts';
import type { KeyStore } from '../../keyStores/keyStore.ts';
import type { RequestObserver } from '../../http/respond.ts';
import { blockMetrics } from './blockMetrics.ts';
import { certificateMetrics } from './certificateMetrics.ts';
import { credentialMetrics } from './credentialMetrics.ts';
import { keyManagerMetrics } from './keyManagerMetrics.ts';
import { snapshotOf, type SnapshotSource } from './metricsSnapshot.ts';
import { keyVersionMetrics } from './keyVersionMetrics.ts';
import { quotaMetrics } from './quotaMetrics.ts';
import { recordMetrics, type MeasuredTrail } from './recordMetrics.ts';
import { refusalMetrics, type RefusedConnection } from './refusalMetrics.ts';
import { requestMetrics } from './requestMetrics.ts';
import { WorkBatch } from './workBatch.ts';

export interface ProxyMetricsOptions {
  /** Number of proxies behind the load balancer, from the configuration. */
  readonly fleetSize: number;
  /** Returns the key stores in force. Called at each collection. */
  readonly keyStores: () => readonly KeyStore[];
  /** Returns undefined while the proxy starts. */
  readonly blockList: () => Pick<FollowedBlockList, 'list' | 'problem'> | undefined;
  /** Returns the TLS identity in force. Called at each collection. */
  readonly tls: () => TlsIdentity | undefined;
  /** Returns undefined while the proxy starts. */
  readonly trail: () => MeasuredTrail | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface ProxyMetrics extends SnapshotSource {
  readonly countRequest: RequestObserver;
  readonly countRefusal: (refusal: RefusedConnection) => void;
  /** Counts answers that have left without a record in the audit log. */
  readonly countUnrecorded: (answers: number) => void;
  /** Wraps a key manager to measure its operations. */
  readonly measure: (keyManager: KeyManager) => KeyManager;
}

/** Metrics of a process that serves requests. */
export function proxyMetrics({
  fleetSize,
  keyStores,
  blockList,
  tls,
  trail,
  clock,
}: ProxyMetricsOptions): ProxyMetrics {
  const registry = new Registry();
  new Gauge({
    name: 'xks_proxy_fleet_size',
    help: 'Proxies behind the load balancer, as configured, which GetHealthStatus reports.',
    aggregator: 'max',
    registers: [registry],
  }).set(fleetSize);
  const batch = new WorkBatch();
  const countRequest = requestMetrics(registry);
  const measure = keyManagerMetrics(registry, keyStores, batch);
  const credentialUsed = credentialMetrics(registry, { keyStores, clock });
  const keyVersionUsed = keyVersionMetrics(registry, keyStores);
  blockMetrics(registry, { keyStores, blockList });
  certificateMetrics(registry, tls);
  quotaMetrics(registry, keyStores);
  recordMetrics(trail, registry);
  const unrecorded = new Counter({
    name: 'xks_proxy_audit_unrecorded_answers_total',
    help: 'Answers without a record in the audit log, which could not be written: audit.onFailure is serve.',
    registers: [registry],
  });
  return {
    snapshot: (names) => {
      batch.flush();
      return snapshotOf(registry).snapshot(names);
    },
    countRequest: (record) => {
      const endedAt = clock();
      batch.add(() => {
        countRequest(record);
        keyVersionUsed(record, endedAt);
        if (record.accessKeyId !== undefined) credentialUsed(record.accessKeyId, endedAt);
      });
    },
    countRefusal: refusalMetrics(registry),
    countUnrecorded: (answers) => {
      unrecorded.inc(answers);
    },
    measure,
  };
}

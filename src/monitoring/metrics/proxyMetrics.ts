import { Registry } from 'prom-client';
import type { TlsIdentity } from '../../config/configSource.ts';
import type { KeyManager } from '../../hsm/keyManager.ts';
import type { KeyStore } from '../../http/keyStore.ts';
import type { RequestRecord } from '../../http/recordRequest.ts';
import { certificateMetrics } from './certificateMetrics.ts';
import { credentialMetrics } from './credentialMetrics.ts';
import { keyManagerMetrics } from './keyManagerMetrics.ts';
import { snapshotOf, type SnapshotSource } from './metricsSnapshot.ts';
import { requestMetrics } from './requestMetrics.ts';

export interface ProxyMetricsOptions {
  /** Those in force; asked for at each collection. */
  readonly keyStores: () => readonly KeyStore[];
  /** In force; asked for at each collection. */
  readonly tls: () => TlsIdentity | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface ProxyMetrics extends SnapshotSource {
  readonly countRequest: (record: RequestRecord) => void;
  /** The same key manager, its operations measured. */
  readonly measure: (keyManager: KeyManager) => KeyManager;
}

/** Metrics of a process that serves requests. */
export function proxyMetrics({ keyStores, tls, clock }: ProxyMetricsOptions): ProxyMetrics {
  const registry = new Registry();
  const countRequest = requestMetrics(registry);
  const measure = keyManagerMetrics(registry, keyStores);
  const credentialUsed = credentialMetrics(registry, { keyStores, clock });
  certificateMetrics(registry, tls);
  return {
    ...snapshotOf(registry),
    countRequest: (record) => {
      countRequest(record);
      if (record.accessKeyId !== undefined) credentialUsed(record.accessKeyId);
    },
    measure,
  };
}

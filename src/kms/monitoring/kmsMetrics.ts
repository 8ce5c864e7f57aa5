import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Throttle } from '../operations/cryptography/requestQuota.ts';
import type { ExternalKeyStore } from '../state/records.ts';
import type { HealthState, XksExchange } from '../xksProxy/xksProxyClient.ts';
import { errorDimensions } from './errorDimensions.ts';
import type { ExchangeHistory } from './exchangeHistory.ts';
import { LATENCY_BUCKETS_MS } from './latencyBuckets.ts';

const DAY_MS = 86_400_000;
const STATE_NAMES: Readonly<Record<HealthState, string>> = {
  ACTIVE: 'Active',
  DEGRADED: 'Degraded',
  UNAVAILABLE: 'Unavailable',
};

export interface KmsMetrics {
  readonly observe: (exchange: XksExchange) => void;
  readonly countThrottle: (throttle: Throttle) => void;
  /** Returns the metrics in Prometheus's text format. */
  readonly text: () => Promise<string>;
}

/**
 * The metrics of external key stores that KMS sends to CloudWatch, with CloudWatch's names, dimensions and units. AWS KMS Developer Guide,
 * "Monitoring KMS keys with Amazon CloudWatch". When a key store is deleted, its gauges are dropped and its counters stay.
 */
export function kmsMetrics({
  externalKeyStores,
  history,
  clock,
}: {
  readonly externalKeyStores: () => readonly ExternalKeyStore[];
  /** The last health and the last certificate of each proxy. */
  readonly history: Pick<ExchangeHistory, 'lastHealth' | 'lastCertificate'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}): KmsMetrics {
  const registry = new Registry();
  const registers = [registry];
  const operationLabels = ['CustomKeyStoreId', 'KmsOperation', 'XksOperation', 'KeySpec'] as const;

  const errors = new Counter({
    name: 'XksProxyErrors',
    help: 'Requests to the external key store proxy, by outcome. Successful requests have the ErrorType N/A.',
    labelNames: [...operationLabels, 'ErrorType', 'ExceptionName'],
    registers,
  });
  const latency = new Histogram({
    name: 'XksProxyLatency',
    help: 'Milliseconds until the external key store proxy answered, or 250 for each attempt without an answer.',
    labelNames: operationLabels,
    buckets: LATENCY_BUCKETS_MS,
    registers,
  });
  const throttles = new Counter({
    name: 'ExternalKeyStoreThrottle',
    help: 'Cryptographic requests that KMS throttled before it called the external key store proxy.',
    labelNames: ['CustomKeyStoreId', 'KmsOperation', 'KeySpec'],
    registers,
  });
  const gaugeOfStores = (name: string, help: string, label: string | undefined, read: ReadStore): void => {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ['CustomKeyStoreId', ...(label === undefined ? [] : [label])],
      registers,
      collect: () => {
        gauge.reset();
        for (const store of externalKeyStores()) {
          const { customKeyStoreId: CustomKeyStoreId } = store;
          for (const [value, labels] of read(store)) gauge.set({ CustomKeyStoreId, ...labels }, value);
        }
      },
    });
  };
  gaugeOfStores(
    'XksExternalKeyManagerStates',
    'External key manager instances in each health state, as last reported by the proxy.',
    'XksExternalKeyManagerState',
    ({ customKeyStoreId }) => {
      const instances = history.lastHealth(customKeyStoreId)?.ekmFleetDetails;
      if (!instances) return [];
      return Object.entries(STATE_NAMES).map(([state, name]) => [
        instances.filter(({ healthStatus }) => healthStatus === state).length,
        { XksExternalKeyManagerState: name },
      ]);
    },
  );
  gaugeOfStores(
    'XksProxyCertificateDaysToExpire',
    'Days until the TLS certificate last presented by the proxy expires.',
    'CertificateName',
    ({ customKeyStoreId }) => {
      const certificate = history.lastCertificate(customKeyStoreId);
      if (!certificate) return [];
      return [[(certificate.validTo - clock()) / DAY_MS, { CertificateName: certificate.commonName }]];
    },
  );
  gaugeOfStores(
    'XksProxyCredentialAge',
    'Days since the proxy authentication credential was given to KMS.',
    undefined,
    ({ credentialDate }) => [[(clock() - credentialDate) / DAY_MS, {}]],
  );

  return {
    observe: ({ call, xksOperation, latencyMs, failure }) => {
      const { customKeyStoreId, requestMetadata } = call;
      // A key store that does not exist yet has no metrics.
      if (customKeyStoreId === undefined) return;
      const operation = {
        CustomKeyStoreId: customKeyStoreId,
        KmsOperation: requestMetadata.kmsOperation,
        XksOperation: xksOperation,
        KeySpec: xksOperation === 'GetHealthStatus' ? '' : 'SYMMETRIC_DEFAULT',
      };
      errors.inc({ ...operation, ...errorDimensions(failure) });
      latency.observe(operation, latencyMs);
    },
    countThrottle: ({ customKeyStoreId, kmsOperation }) => {
      throttles.inc({ CustomKeyStoreId: customKeyStoreId, KmsOperation: kmsOperation, KeySpec: 'SYMMETRIC_DEFAULT' });
    },
    text: () => registry.metrics(),
  };
}

type ReadStore = (store: ExternalKeyStore) => readonly (readonly [value: number, labels: Record<string, string>])[];

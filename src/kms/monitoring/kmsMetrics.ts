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
  /** In Prometheus' text format. */
  readonly text: () => Promise<string>;
}

/**
 * What KMS tells CloudWatch of external key stores, with CloudWatch's names, dimensions and units. AWS KMS Developer Guide,
 * "Monitoring KMS keys with Amazon CloudWatch". Series of a key store that is not there any more are dropped, but for what was counted.
 */
export function kmsMetrics({
  externalKeyStores,
  history,
  clock,
}: {
  readonly externalKeyStores: () => readonly ExternalKeyStore[];
  /** What proxies said and showed last. */
  readonly history: Pick<ExchangeHistory, 'lastHealth' | 'lastCertificate'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}): KmsMetrics {
  const registry = new Registry();
  const registers = [registry];
  const operationLabels = ['CustomKeyStoreId', 'KmsOperation', 'XksOperation', 'KeySpec'] as const;

  const errors = new Counter({
    name: 'XksProxyErrors',
    help: 'Requests to the external key store proxy, by how they ended; those that succeeded have the ErrorType N/A.',
    labelNames: [...operationLabels, 'ErrorType', 'ExceptionName'],
    registers,
  });
  const latency = new Histogram({
    name: 'XksProxyLatency',
    help: 'Milliseconds until the external key store proxy answered; 250 for each time that it did not.',
    labelNames: operationLabels,
    buckets: LATENCY_BUCKETS_MS,
    registers,
  });
  const throttles = new Counter({
    name: 'ExternalKeyStoreThrottle',
    help: 'Cryptographic requests that KMS throttled, before the external key store proxy was asked.',
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
    'External key manager instances in each health state, as the proxy said last.',
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
    'Days until the TLS certificate that the proxy showed last expires.',
    'CertificateName',
    ({ customKeyStoreId }) => {
      const certificate = history.lastCertificate(customKeyStoreId);
      if (!certificate) return [];
      return [[(certificate.validTo - clock()) / DAY_MS, { CertificateName: certificate.commonName }]];
    },
  );
  gaugeOfStores(
    'XksProxyCredentialAge',
    'Days since KMS was given the proxy authentication credential.',
    undefined,
    ({ credentialDate }) => [[(clock() - credentialDate) / DAY_MS, {}]],
  );

  return {
    observe: ({ call, xksOperation, latencyMs, failure }) => {
      const { customKeyStoreId, requestMetadata } = call;
      // A key store that is not there yet has no metrics.
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

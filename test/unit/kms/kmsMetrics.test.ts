import { beforeEach, expect, it } from 'vitest';
import { ExchangeHistory } from '../../../src/kms/monitoring/exchangeHistory.ts';
import { kmsMetrics, type KmsMetrics } from '../../../src/kms/monitoring/kmsMetrics.ts';
import type { HealthState, XksExchange } from '../../../src/kms/xksProxy/xksProxyClient.ts';
import { XksProxyFailure, type FailureReason } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const DAY_MS = 86_400_000;
let kms: LocalKmsUnderTest;
let history: ExchangeHistory;
let metrics: KmsMetrics;
let id: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  id = kms.addKeyStore().customKeyStoreId;
  history = new ExchangeHistory(kms.clock);
  const externalKeyStores = () => kms.state.customKeyStores.external();
  metrics = kmsMetrics({ externalKeyStores, history, clock: kms.clock });
});

function observe(seen: XksExchange): void {
  metrics.observe(seen);
  history.observe(seen);
}

function exchange(changes: Partial<XksExchange> = {}, kmsOperation = 'Encrypt'): XksExchange {
  const { proxy } = kms.state.customKeyStores.external()[0] ?? kms.addKeyStore();
  return {
    call: { proxy, requestMetadata: { kmsRequestId: 'r', kmsOperation }, customKeyStoreId: id },
    xksOperation: 'Encrypt',
    latencyMs: 12,
    failure: undefined,
    certificate: undefined,
    health: undefined,
    ...changes,
  };
}

function health(...states: readonly HealthState[]): Partial<XksExchange> {
  const ekmFleetDetails = states.map((healthStatus, index) => ({ id: `${index}`, model: 'm', healthStatus }));
  const fleet = { xksProxyFleetSize: 1, xksProxyVendor: 'v', xksProxyModel: 'm', ekmVendor: 'e', ekmFleetDetails };
  return { xksOperation: 'GetHealthStatus', health: fleet };
}

/** The lines of one metric, without its comments. */
async function read(name: string): Promise<string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => line.startsWith(`${name}{`));
}

it.each<[FailureReason | undefined, string, string]>([
  [undefined, 'N/A', 'None'],
  ['AuthenticationFailedException', 'Non-retryable', 'AuthenticationFailedException'],
  ['KeyNotFoundException', 'Non-retryable', 'KeyNotFoundException'],
  ['DependencyTimeoutException', 'Retryable', 'DependencyTimeoutException'],
  ['InternalException', 'Retryable', 'InternalException'],
  ['ThrottlingException', 'Retryable', 'ThrottlingException'],
  ['TimedOut', 'Retryable', 'XksProxyUnreachableException'],
  ['NotReachable', 'Retryable', 'XksProxyUnreachableException'],
  ['InvalidResponse', 'Non-retryable', 'XksProxyInvalidResponseException'],
])('XksProxyErrors counts %s as %s, %s', async (reason, ErrorType, ExceptionName) => {
  observe(exchange({ failure: reason && new XksProxyFailure(reason, 'said so') }));
  expect(await read('XksProxyErrors')).toEqual([
    `XksProxyErrors{CustomKeyStoreId="${id}",KmsOperation="Encrypt",XksOperation="Encrypt",KeySpec="SYMMETRIC_DEFAULT",ErrorType="${ErrorType}",ExceptionName="${ExceptionName}"} 1`,
  ]);
});

it('XksProxyLatency is in milliseconds', async () => {
  observe(exchange({ latencyMs: 501.5 }));
  expect(await read('XksProxyLatency_sum')).toEqual([
    `XksProxyLatency_sum{CustomKeyStoreId="${id}",KmsOperation="Encrypt",XksOperation="Encrypt",KeySpec="SYMMETRIC_DEFAULT"} 501.5`,
  ]);
});

it('XksExternalKeyManagerStates counts instances by their last state', async () => {
  observe(exchange(health('ACTIVE', 'ACTIVE', 'ACTIVE')));
  observe(exchange(health('ACTIVE', 'UNAVAILABLE', 'ACTIVE')));
  expect(await read('XksExternalKeyManagerStates')).toEqual([
    `XksExternalKeyManagerStates{CustomKeyStoreId="${id}",XksExternalKeyManagerState="Active"} 2`,
    `XksExternalKeyManagerStates{CustomKeyStoreId="${id}",XksExternalKeyManagerState="Degraded"} 0`,
    `XksExternalKeyManagerStates{CustomKeyStoreId="${id}",XksExternalKeyManagerState="Unavailable"} 1`,
  ]);
});

it('XksExternalKeyManagerStates has no value after a GetHealthStatus that failed', async () => {
  observe(exchange(health('ACTIVE')));
  observe(exchange({ failure: new XksProxyFailure('TimedOut', 'said so') }));
  expect(await read('XksExternalKeyManagerStates')).toHaveLength(3);
  const failure = new XksProxyFailure('InternalException', 'said so');
  observe(exchange({ xksOperation: 'GetHealthStatus', failure }));
  expect(await read('XksExternalKeyManagerStates')).toEqual([]);
});

it('XksProxyCertificateDaysToExpire and XksProxyCredentialAge are in days', async () => {
  observe(exchange({ certificate: { commonName: 'xks.example.com', validTo: kms.now + 30 * DAY_MS } }));
  kms.now += 3 * DAY_MS;
  expect(await read('XksProxyCertificateDaysToExpire')).toEqual([
    `XksProxyCertificateDaysToExpire{CustomKeyStoreId="${id}",CertificateName="xks.example.com"} 27`,
  ]);
  expect(await read('XksProxyCredentialAge')).toEqual([`XksProxyCredentialAge{CustomKeyStoreId="${id}"} 3`]);
});

it('ExternalKeyStoreThrottle counts requests that KMS throttled', async () => {
  metrics.countThrottle({ customKeyStoreId: id, kmsOperation: 'Decrypt' });
  expect(await read('ExternalKeyStoreThrottle')).toEqual([
    `ExternalKeyStoreThrottle{CustomKeyStoreId="${id}",KmsOperation="Decrypt",KeySpec="SYMMETRIC_DEFAULT"} 1`,
  ]);
});

it('has no values for key stores that do not exist yet, or no longer exist', async () => {
  const certificate = { commonName: 'xks.example.com', validTo: kms.now };
  observe(exchange({ ...health('ACTIVE'), certificate }));
  const { call } = exchange();
  observe(exchange({ call: { ...call, customKeyStoreId: undefined } }, 'CreateCustomKeyStore'));
  kms.state.customKeyStores.delete(id);
  const gauges = ['XksExternalKeyManagerStates', 'XksProxyCertificateDaysToExpire', 'XksProxyCredentialAge'];
  for (const name of gauges) expect(await read(name)).toEqual([]);
  expect(await read('XksProxyErrors')).toHaveLength(1);
});

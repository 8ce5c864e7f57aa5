import { beforeEach, expect, it } from 'vitest';
import { BINS, boundOf, ExchangeHistory, sumOf } from '../../../src/kms/monitoring/exchangeHistory.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import type { XksExchange } from '../../../src/kms/xksProxy/xksProxyClient.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const MINUTE = 60_000;

let now: number;
let history: ExchangeHistory;
beforeEach(() => {
  now = 1_000 * MINUTE;
  history = new ExchangeHistory(() => now);
});

const { proxy } = new LocalKmsUnderTest().addKeyStore();

function exchange(changes: Partial<XksExchange> = {}, customKeyStoreId: string | undefined = 'cks-1'): XksExchange {
  const requestMetadata = { kmsRequestId: 'r', kmsOperation: 'Encrypt' };
  return {
    call: { proxy, requestMetadata, customKeyStoreId },
    xksOperation: 'Encrypt',
    latencyMs: 12,
    failure: undefined,
    certificate: undefined,
    health: undefined,
    ...changes,
  };
}

it('counts by minutes, and drops counts that are older than an hour', () => {
  history.observe(exchange());
  history.observe(exchange({ failure: new XksProxyFailure('TimedOut', ''), latencyMs: 500 }));
  history.countThrottle({ customKeyStoreId: 'cks-1' });
  now += MINUTE;
  history.observe(exchange({ xksOperation: 'Decrypt', latencyMs: 9_999 }));
  const bins = history.bins('cks-1');
  expect(bins).toHaveLength(BINS);
  expect(bins.slice(-2)).toMatchObject([
    { succeeded: 1, failed: 1, throttled: 1, failures: new Map([['XksProxyUnreachableException', 1]]) },
    { succeeded: 1, failed: 0, throttled: 0, failures: new Map() },
  ]);
  const { succeeded, failed, latency } = sumOf(bins);
  expect([succeeded, failed]).toEqual([2, 1]);
  expect([0.5, 0.99].map((share) => boundOf(latency.get('Encrypt') ?? [], share))).toEqual([20, 500]);
  expect(boundOf(latency.get('Decrypt') ?? [], 0.5)).toBe(Infinity);
  expect(boundOf(latency.get('GetKeyMetadata') ?? [], 0.5)).toBeUndefined();
  now += BINS * MINUTE;
  expect(sumOf(history.bins('cks-1'))).toMatchObject({ succeeded: 0, failed: 0 });
  expect(sumOf(history.bins('cks-2'))).toMatchObject({ succeeded: 0, failed: 0 });
});

it('has the last health and the last certificate, and nothing about a new key store', () => {
  const health = {
    xksProxyFleetSize: 1,
    xksProxyVendor: 'v',
    xksProxyModel: 'm',
    ekmVendor: 'v',
    ekmFleetDetails: [{ id: 'a', model: 'm', healthStatus: 'ACTIVE' }],
  } as const;
  const certificate = { commonName: 'xks.example.com', validTo: 1 };
  history.observe(exchange({ xksOperation: 'GetHealthStatus', health, certificate }));
  expect([history.lastHealth('cks-1'), history.lastCertificate('cks-1')]).toEqual([health, certificate]);
  history.observe(exchange({ xksOperation: 'GetHealthStatus', failure: new XksProxyFailure('NotReachable', '') }));
  expect([history.lastHealth('cks-1'), history.lastCertificate('cks-1')]).toEqual([undefined, certificate]);
  const early = exchange();
  history.observe({ ...early, call: { ...early.call, customKeyStoreId: undefined } });
  expect(sumOf(history.bins('cks-1')).succeeded).toBe(1);
});

it('drops a key store without a request in the last hour when another one starts', () => {
  const certificate = { commonName: 'xks.example.com', validTo: 1 };
  history.observe(exchange({ certificate }));
  now += (BINS - 1) * MINUTE;
  history.observe(exchange({}, 'cks-2'));
  expect(history.lastCertificate('cks-1')).toEqual(certificate);
  now += MINUTE;
  history.observe(exchange({}, 'cks-3'));
  expect(history.lastCertificate('cks-1')).toBeUndefined();
});

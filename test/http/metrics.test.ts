import { beforeEach, describe, expect, it } from 'vitest';
import request from 'supertest';
import { aggregateMetrics } from '../../src/monitoring/metrics/aggregateMetrics.ts';
import { XKS_ERROR_STATUS, XksError } from '../../src/xks/errors.ts';
import { KMS_OPERATIONS } from '../../src/xks/kmsOperations.ts';
import { parseExposition, valueOf, type Sample } from '../support/exposition.ts';
import { encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { withSecret } from '../support/signedRequest.ts';

let proxy: ProxyUnderTest;

beforeEach(() => {
  proxy = new ProxyUnderTest();
});

async function collect(): Promise<Sample[]> {
  return parseExposition(await aggregateMetrics([await proxy.metrics.snapshot()]));
}

async function requests(labels: Sample['labels']): Promise<number | undefined> {
  return valueOf(await collect(), 'xks_proxy_requests_total', labels);
}

it('counts a request that succeeds, with its duration and that of the key manager', async () => {
  await proxy.post(paths.encrypt, encryptBody);
  await proxy.post(paths.encrypt, encryptBody);
  const samples = await collect();
  const [keyStore, operation] = [{ key_store: 'first' }, { operation: 'Encrypt' }];
  const outcome = { outcome: 'success', error_name: 'none', kms_operation: 'Encrypt' };
  expect(valueOf(samples, 'xks_proxy_requests_total', { ...keyStore, ...operation, ...outcome })).toBe(2);
  expect(valueOf(samples, 'xks_proxy_request_duration_seconds_count', { ...keyStore, ...operation })).toBe(2);
  const seconds = valueOf(samples, 'xks_proxy_request_duration_seconds_sum') ?? NaN;
  // The records are made before the answers are sent.
  const recorded = proxy.logged.reduce((sum, { record }) => sum + Number(record['durationMs']), 0);
  expect(seconds * 1000).toBeGreaterThanOrEqual(recorded);
  const ofKeyManager = { key_manager: 'in-memory', operation: 'encrypt', error_name: 'none' };
  expect(valueOf(samples, 'xks_proxy_key_manager_operation_duration_seconds_count', ofKeyManager)).toBe(2);
});

it('counts a request that fails by its error, in the proxy and in the key manager', async () => {
  proxy.keyManager.failure = new XksError('DependencyTimeoutException', 'late');
  await proxy.post(paths.encrypt, encryptBody);
  const labels = { key_store: 'first', operation: 'Encrypt', outcome: 'failure' };
  expect(await requests({ ...labels, error_name: 'DependencyTimeoutException' })).toBe(1);
  const ofKeyManager = { operation: 'encrypt', error_name: 'DependencyTimeoutException' };
  const name = 'xks_proxy_key_manager_operation_duration_seconds_count';
  expect(valueOf(await collect(), name, ofKeyManager)).toBe(1);

  proxy.keyManager.failure = new TypeError('oops');
  await proxy.post(paths.encrypt, encryptBody);
  expect(await requests({ ...labels, error_name: 'InternalException' })).toBe(1);
  expect(valueOf(await collect(), name, { error_name: 'InternalException' })).toBe(1);
});

it('counts failures for lack of a session separately', async () => {
  proxy.keyManager.failure = new XksError('ThrottlingException', 'none free');
  await proxy.post(paths.encrypt, encryptBody);
  const labels = { key_store: 'first', reason: 'sessions' };
  expect(valueOf(await collect(), 'xks_proxy_throttled_requests_total', labels)).toBe(1);
});

it('has the time of the last signature of each credential', async () => {
  const name = 'xks_proxy_credential_last_used_timestamp_seconds';
  const [used, unused] = proxy.credentials;
  const before = Date.now();
  await proxy.post(paths.health, { requestMetadata: healthMetadata }, { credential: used });
  await proxy.post(
    paths.health,
    { requestMetadata: healthMetadata },
    { credential: withSecret(unused, 'x'.repeat(43)) },
  );
  const samples = await collect();
  const at = valueOf(samples, name, { key_store: 'first', access_key_id: used.accessKeyId }) ?? NaN;
  expect(at).toBeGreaterThanOrEqual(before / 1000);
  expect(at).toBeLessThanOrEqual(Date.now() / 1000);
  expect(valueOf(samples, name, { access_key_id: unused.accessKeyId })).toBe(0);

  const since = 'xks_proxy_credential_first_seen_timestamp_seconds';
  const firstSeen = valueOf(samples, since, { access_key_id: unused.accessKeyId }) ?? NaN;
  expect(firstSeen).toBeGreaterThanOrEqual(before / 1000);
  expect(valueOf(samples, since, { access_key_id: used.accessKeyId })).toBe(at);
  proxy.clockOffset = 86_400_000;
  expect(valueOf(await collect(), since, { access_key_id: unused.accessKeyId })).toBe(firstSeen);
});

describe('a hostile client', () => {
  const CLOSED: Readonly<Record<string, readonly string[]>> = {
    key_store: ['first', 'second', 'none'],
    operation: ['GetHealthStatus', 'GetKeyMetadata', 'Encrypt', 'Decrypt', 'none'],
    kms_operation: [...KMS_OPERATIONS, 'other', 'none'],
    outcome: ['success', 'failure', 'aborted'],
    error_name: [...Object.keys(XKS_ERROR_STATUS), 'none'],
  };

  async function attack(): Promise<void> {
    const mark = crypto.randomUUID();
    for (const kmsOperation of [
      mark,
      `${mark}"} 1\nevil{x="y`,
      '__proto__',
      'constructor',
      'toString',
      '',
      'encrypt',
    ]) {
      const metadata = { ...requestMetadata, kmsOperation, keyStore: mark, operation: mark, [mark]: mark };
      await proxy.post(paths.encrypt, { ...encryptBody, requestMetadata: metadata });
      await proxy.post(
        paths.health,
        `{"requestMetadata":{"__proto__":{"a":1},"kmsOperation":"${mark}","kmsRequestId":"1"}}`,
      );
    }
    await proxy.post(keyPath(mark, 'encrypt'), encryptBody);
    await proxy.post(`/${mark}/kms/xks/v1/health`, {});
    await proxy.post(paths.encrypt, encryptBody, { unsigned: { Authorization: mark } });
    await proxy.post(paths.encrypt, mark);
    await request(proxy.listener).get(`/${mark}`);
    await request(proxy.listener).get(paths.encrypt);
    await request(proxy.listener).delete(paths.encrypt);
  }

  it('adds no label values, and no time series after each has occurred once', async () => {
    await attack();
    const samples = (await collect()).filter(({ name }) => name === 'xks_proxy_requests_total');
    for (const { labels } of samples) {
      expect(Object.keys(labels)).toEqual(Object.keys(CLOSED));
      for (const [label, value] of Object.entries(labels)) expect(CLOSED[label]).toContain(value);
    }
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(proxy.logged.length);
    expect(samples.some(({ labels }) => labels['kms_operation'] === 'other')).toBe(true);

    const series = (await collect()).length;
    await attack();
    expect((await collect()).length).toBe(series);
  });
});

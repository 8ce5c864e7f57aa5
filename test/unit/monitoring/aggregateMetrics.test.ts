import { register } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import type { KeyManagerLoad } from '../../../src/hsm/keyManager.ts';
import type { EndedRequest } from '../../../src/http/respond.ts';
import { aggregateMetrics } from '../../../src/monitoring/metrics/aggregateMetrics.ts';
import { lifecycleMetrics } from '../../../src/monitoring/metrics/lifecycleMetrics.ts';
import type { MetricsSnapshot, SnapshotSource } from '../../../src/monitoring/metrics/metricsSnapshot.ts';
import { processMetrics } from '../../../src/monitoring/metrics/processMetrics.ts';
import { proxyMetrics, type ProxyMetrics } from '../../../src/monitoring/metrics/proxyMetrics.ts';
import { newCredential } from '../../../src/sigv4/newCredential.ts';
import type { HealthStatus } from '../../../src/xks/messages/getHealthStatus.ts';
import { parseExposition, valueOf, type Sample } from '../../support/exposition.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

const credential = newCredential();
const request: EndedRequest = {
  requestMetadata: { kmsOperation: 'Encrypt' },
  keyStore: 'first',
  operation: 'Encrypt',
  externalKeyId: 'foo',
  keyVersion: 'foo',
  keyManager: 'in-memory',
  accessKeyId: credential.accessKeyId,
  remoteAddress: '127.0.0.1',
  outcome: 'success',
  httpStatus: 200,
  durationMs: 3,
};

let now: number;
beforeEach(() => {
  now = 1_000_000;
});

/** A worker whose key manager has this status and load. */
function worker(healthStatus: HealthStatus, load: KeyManagerLoad): ProxyMetrics {
  const keyManager = Object.assign(new InMemoryKeyManager(), { load: () => load });
  const guarded = {
    keyManager,
    health: () => ({ name: 'in-memory', healthStatus, description: undefined }),
    changes: () => [],
    isLost: () => healthStatus === 'UNAVAILABLE',
    isLeftOut: () => healthStatus === 'UNAVAILABLE',
    succeeded: () => undefined,
    failed: () => undefined,
  };
  const keyStore = {
    name: 'first',
    status: 'enabled' as const,
    uriPathPrefix: '',
    credentials: new Map([[credential.accessKeyId, credential]]),
    keys: new Map(),
    keyManagers: [guarded],
  };
  return proxyMetrics({
    fleetSize: 2,
    keyStores: () => [keyStore],
    blockList: () => undefined,
    tls: () => undefined,
    trail: () => undefined,
    clock: () => now,
  });
}

/** As if the processes had sent their snapshots. */
async function aggregate(...sources: readonly SnapshotSource[]): Promise<Sample[]> {
  const snapshots = await Promise.all(sources.map((source) => source.snapshot()));
  return parseExposition(await aggregateMetrics(JSON.parse(JSON.stringify(snapshots)) as MetricsSnapshot[]));
}

it('adds up the requests and sessions of the workers, and shows each status that one of them found', async () => {
  const one = worker('ACTIVE', { sessions: 8, sessionsInUse: 3, operationsWaiting: 0 });
  const two = worker('UNAVAILABLE', { sessions: 8, sessionsInUse: 8, operationsWaiting: 5 });
  for (const durationMs of [3, 30, 300]) one.countRequest({ ...request, durationMs });
  two.countRequest(request);
  now += 60_000;
  two.countRequest({ ...request, outcome: 'failure', errorName: 'ThrottlingException', keyManager: undefined });

  const samples = await aggregate(one, two);
  expect(valueOf(samples, 'xks_proxy_requests_total', { outcome: 'success' })).toBe(4);
  expect(valueOf(samples, 'xks_proxy_requests_total', { outcome: 'failure' })).toBe(1);
  expect(valueOf(samples, 'xks_proxy_throttled_requests_total', { reason: 'quota' })).toBe(1);
  expect(valueOf(samples, 'xks_proxy_request_duration_seconds_bucket', { le: '0.005' })).toBe(3);
  expect(valueOf(samples, 'xks_proxy_request_duration_seconds_bucket', { le: '0.25' })).toBe(4);
  expect(valueOf(samples, 'xks_proxy_request_duration_seconds_bucket', { le: '+Inf' })).toBe(5);
  expect(valueOf(samples, 'xks_proxy_request_duration_seconds_sum')).toBeCloseTo(0.339);

  expect(valueOf(samples, 'xks_proxy_key_manager_sessions')).toBe(16);
  expect(valueOf(samples, 'xks_proxy_key_manager_sessions_in_use')).toBe(11);
  expect(valueOf(samples, 'xks_proxy_key_manager_operations_waiting')).toBe(5);
  const statuses = ['ACTIVE', 'DEGRADED', 'UNAVAILABLE'];
  expect(statuses.map((status) => valueOf(samples, 'xks_proxy_key_manager_health', { status }))).toEqual([1, 0, 1]);
  expect(valueOf(samples, 'xks_proxy_key_store_serving')).toBe(0);
});

it('shows the earliest appearance and the latest use of a credential', async () => {
  const load = { sessions: 1, sessionsInUse: 0, operationsWaiting: 0 };
  const [old, young] = [worker('ACTIVE', load), worker('ACTIVE', load)];
  await old.snapshot();
  now = 2_000_000;
  young.countRequest(request);
  now = 3_000_000;
  const samples = await aggregate(old, young);
  expect(valueOf(samples, 'xks_proxy_credential_first_seen_timestamp_seconds')).toBe(1_000);
  expect(valueOf(samples, 'xks_proxy_credential_last_used_timestamp_seconds')).toBe(2_000);
});

it('keeps the processes apart, including their start times, and drops values that are not numbers', async () => {
  const [main, first] = ['main', 'worker-1'].map((name) => processMetrics({ process: name, version: '1.2.3' }));
  if (!main || !first) throw new Error('unreachable');
  // The event loop has no mean before its first measurement.
  const snapshot = await main.snapshot();
  expect(JSON.stringify(snapshot)).toContain('"value":null');

  const samples = await aggregate({ snapshot: () => Promise.resolve(snapshot) }, first);
  expect(valueOf(samples, 'nodejs_eventloop_lag_mean_seconds', { process: 'main' })).toBeUndefined();
  for (const process of ['main', 'worker-1']) {
    for (const name of ['process_cpu_seconds_total', 'process_start_time_seconds', 'process_resident_memory_bytes'])
      expect(valueOf(samples, name, { process })).toBeGreaterThan(0);
  }
  expect(valueOf(samples, 'xks_proxy_build_info', { version: '1.2.3', node_version: process.version })).toBe(1);
});

it('counts reloads and replaced workers', async () => {
  const lifecycle = lifecycleMetrics(() => now);
  const figures = async () => {
    const samples = await aggregate(lifecycle);
    return [
      valueOf(samples, 'xks_proxy_config_reloads_total', { outcome: 'success' }),
      valueOf(samples, 'xks_proxy_config_reloads_total', { outcome: 'failure' }),
      valueOf(samples, 'xks_proxy_config_last_reload_successful'),
      valueOf(samples, 'xks_proxy_config_last_reload_success_timestamp_seconds'),
      valueOf(samples, 'xks_proxy_worker_restarts_total'),
    ];
  };
  expect(await figures()).toEqual([0, 0, 1, 1_000, 0]);
  now = 2_000_000;
  lifecycle.reloaded('failure');
  lifecycle.workerRestarted();
  expect(await figures()).toEqual([0, 1, 0, 1_000, 1]);
  lifecycle.reloaded('success');
  expect(await figures()).toEqual([1, 1, 1, 2_000, 1]);
});

it('leaves the registry unchanged that all modules of a process share', async () => {
  worker('ACTIVE', { sessions: 1, sessionsInUse: 0, operationsWaiting: 0 });
  lifecycleMetrics(() => now);
  processMetrics({ process: 'main', version: '1.2.3' });
  expect(await register.getMetricsAsJSON()).toEqual([]);
});

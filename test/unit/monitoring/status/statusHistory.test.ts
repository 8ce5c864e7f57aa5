import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { snapshotOf } from '../../../../src/monitoring/metrics/metricsSnapshot.ts';
import { StatusHistory } from '../../../../src/monitoring/status/statusHistory.ts';

let registry: Registry;
let requests: Counter;
let health: Gauge;
let history: StatusHistory;
let asked: (readonly string[])[];
let errors: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000_000 });
  registry = new Registry();
  const registers = [registry];
  requests = new Counter({
    name: 'xks_proxy_requests_total',
    help: 'none',
    labelNames: ['key_store', 'outcome', 'error_name'],
    registers,
  });
  health = new Gauge({
    name: 'xks_proxy_key_manager_health',
    help: 'none',
    labelNames: ['key_manager', 'status'],
    registers,
  });
  new Gauge({ name: 'xks_proxy_key_version_last_used_timestamp_seconds', help: 'none', registers });
  asked = [];
  errors = [];
  history = new StatusHistory({
    collect: async (names) => {
      asked.push(names);
      return [await snapshotOf(registry).snapshot(names)];
    },
    clock: Date.now,
    stopwatch: () => performance.now(),
    onError: (error) => errors.push(error),
  });
});
afterEach(() => {
  history.stop();
  vi.useRealTimers();
});

const count = (times: number, labels = { key_store: 'first', outcome: 'success', error_name: 'none' }) => {
  requests.inc(labels, times);
};

it('has the events of each 5 seconds', async () => {
  history.start();
  await vi.advanceTimersByTimeAsync(1);
  count(3);
  count(2, { key_store: 'first', outcome: 'failure', error_name: 'InternalException' });
  await vi.advanceTimersByTimeAsync(5_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(history.samples).toHaveLength(3);
  expect(history.samples[1]?.keyStores.get('first')).toMatchObject({
    succeeded: 3,
    failed: 2,
    errors: { InternalException: 2 },
  });
  expect(history.samples[1]?.seconds).toBeCloseTo(5, 2);
  expect(history.samples[2]?.keyStores.size).toBe(0);
});

it('keeps half an hour, in graphs of 90 bins', async () => {
  history.start();
  await vi.advanceTimersByTimeAsync(40 * 60 * 1000);
  expect(history.samples).toHaveLength(360);
  const bins = history.bins();
  expect(bins).toHaveLength(90);
  expect(bins.slice(1, -1).every((samples) => samples.length === 4)).toBe(true);
});

it('does not read metrics that may have thousands of values', async () => {
  history.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(asked[0]).toContain('xks_proxy_requests_total');
  expect(asked[0]?.filter((name) => name.includes('key_version') || name.includes('unprotected'))).toEqual([]);
});

it('treats a smaller count as a restart of the counter', async () => {
  count(10);
  history.start();
  await vi.advanceTimersByTimeAsync(1);
  requests.reset();
  count(4);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(history.samples.at(-1)?.keyStores.get('first')?.succeeded).toBe(4);
});

it('has the worst status that any process found', async () => {
  for (const [status, value] of Object.entries({ ACTIVE: 1, DEGRADED: 0, UNAVAILABLE: 1 })) {
    health.set({ key_manager: 'softhsm', status }, value);
  }
  history.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(history.samples[0]?.states.get('softhsm')?.status).toBe('UNAVAILABLE');
});

it('measures correctly while the clock is set back', async () => {
  history.start();
  await vi.advanceTimersByTimeAsync(1);
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(history.samples.at(-1)?.seconds).toBeCloseTo(5, 2);
});

it('continues after a failure, and can be stopped', async () => {
  const error = new Error('not now');
  vi.spyOn(registry, 'getSingleMetric').mockImplementationOnce(() => {
    throw error;
  });
  history.start();
  await vi.advanceTimersByTimeAsync(5_001);
  expect(errors).toEqual([error]);
  expect(history.samples).toHaveLength(1);
  history.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(history.samples).toHaveLength(1);
});

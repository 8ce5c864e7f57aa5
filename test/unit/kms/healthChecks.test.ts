import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HealthChecks } from '../../../src/kms/connection/healthChecks.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const HEALTH_CHECK_MS = 60_000;

function checked(): { kms: LocalKmsUnderTest; checks: HealthChecks; lines: string[] } {
  const kms = new LocalKmsUnderTest();
  const lines: string[] = [];
  const log = pino({}, { write: (line) => lines.push(line) });
  return { kms, lines, checks: new HealthChecks({ kms, log, healthCheckMs: HEALTH_CHECK_MS }) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('health checks', () => {
  it('call the proxy of each connected key store repeatedly, until they are stopped', async () => {
    const { kms, checks } = checked();
    const ids = [kms.addKeyStore(), kms.addKeyStore()].map((store) => store.customKeyStoreId);
    for (const state of ['CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING'] as const) kms.addKeyStore({}, state);
    checks.start();
    checks.start();
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS - 1);
    expect(kms.xksProxy.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(kms.xksProxy.calls.map((call) => call.customKeyStoreId).sort()).toEqual(ids.sort());
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS);
    expect(kms.xksProxy.calls).toHaveLength(4);
    const requests = kms.xksProxy.calls.map((call) => call.requestMetadata);
    for (const request of requests) {
      expect(request).toEqual({
        kmsOperation: 'KmsHealthCheck',
        kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
    }
    expect(new Set(requests.map((request) => request.kmsRequestId)).size).toBe(4);
    checks.stop();
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS * 2);
    expect(kms.xksProxy.calls).toHaveLength(4);
  });

  it('that fail change no state, and the client logs them', async () => {
    const { kms, checks, lines } = checked();
    const store = kms.addKeyStore();
    checks.start();
    for (const failure of [new XksProxyFailure('NotReachable', 'connect ECONNREFUSED'), undefined]) {
      kms.xksProxy.failure = failure;
      await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS);
    }
    expect(kms.xksProxy.calls).toHaveLength(2);
    expect(kms.state.customKeyStores.list()).toEqual([store]);
    expect(lines).toEqual([]);
  });

  it('that cannot read the state are logged, and do not end the process', async () => {
    const { kms, checks, lines } = checked();
    kms.addKeyStore();
    kms.state.close();
    checks.start();
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS);
    expect(kms.xksProxy.calls).toEqual([]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { msg: 'the key stores cannot be read for their health checks', err: { message: 'database is not open' } },
    ]);
  });

  it('never run twice at once for a key store', async () => {
    const { kms, checks } = checked();
    kms.addKeyStore();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    kms.xksProxy.pause = promise;
    checks.start();
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS * 3);
    expect(kms.xksProxy.calls).toHaveLength(1);
    resolve(undefined);
    await vi.advanceTimersByTimeAsync(HEALTH_CHECK_MS);
    expect(kms.xksProxy.calls).toHaveLength(2);
  });
});

import { expect, it } from 'vitest';
import { CPU_SHARE, planCapacity, SESSION_SHARE } from '../../../bench/capacity/planCapacity.ts';

it('adds one proxy to those that the load needs', () => {
  // 0.6 of a core, and 6.3 of 9 sessions busy: one worker is enough.
  expect(planCapacity({ rate: 1_000, cpuMs: 0.6, hsmMs: 6.3, cores: 2 })).toEqual({
    proxies: 2,
    workers: 1,
    sessions: 9,
    hsmSessions: 20,
  });
});

it('adds workers first, then proxies', () => {
  expect(planCapacity({ rate: 1_001, cpuMs: 0.6, hsmMs: 1, cores: 2 })).toMatchObject({ proxies: 2, workers: 2 });
  expect(planCapacity({ rate: 2_001, cpuMs: 0.6, hsmMs: 1, cores: 2 })).toMatchObject({ proxies: 3, workers: 2 });
});

it.each([500, 1_800, 3_600, 10_000])('keeps the shares at %i requests a second without one proxy', (rate) => {
  const [cpuMs, hsmMs, cores] = [0.7, 12, 4];
  const { proxies, workers, sessions } = planCapacity({ rate, cpuMs, hsmMs, cores });
  const perWorker = rate / (proxies - 1) / workers;
  expect(workers).toBeLessThanOrEqual(cores);
  expect((perWorker * cpuMs) / 1_000).toBeLessThanOrEqual(CPU_SHARE + 1e-9);
  expect((perWorker * hsmMs) / 1_000 / sessions).toBeLessThanOrEqual(SESSION_SHARE + 1e-9);
});

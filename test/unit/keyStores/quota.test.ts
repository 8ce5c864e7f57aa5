import { expect, it } from 'vitest';
import { shareQuota } from '../../../src/keyStores/quota.ts';
import type { TokenBucket } from '../../../src/timing/tokenBucket.ts';

let now = 0;
const clock = () => now;
const share = (requestsPerSecond: number, burst: number, processes = 1, before?: TokenBucket) =>
  shareQuota({ requestsPerSecond, burst }, { processes, before, clock });

/** The number of requests that can be taken at once. */
function drain(quota: TokenBucket): number {
  let taken = 0;
  while (quota.take()) taken += 1;
  return taken;
}

it('is divided among the processes, and has no burst below one request', () => {
  const quota = share(12, 10, 4);
  expect(drain(quota)).toBe(3);
  now += 1_000;
  expect(drain(quota)).toBe(3);
  expect(drain(share(1, 1, 8))).toBe(1);
});

it('stays used after its configuration is read again, changed or not', () => {
  const quota = share(10, 10);
  drain(quota);
  expect(drain(share(10, 10, 1, quota))).toBe(0);
  expect(drain(share(20, 40, 1, quota))).toBe(0);
  now += 1_000;
  expect(drain(share(20, 40, 1, quota))).toBe(10);
});

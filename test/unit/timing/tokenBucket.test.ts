import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/timing/tokenBucket.ts';

const RATE = { requestsPerSecond: 10, burst: 5 };

function taken(bucket: TokenBucket | undefined, attempts = 100): number {
  return Array.from({ length: attempts }, () => bucket?.take()).filter(Boolean).length;
}

describe('a token bucket', () => {
  it('gives a burst, then its rate, and never more than a burst at once', () => {
    const clock = { now: 1_000 };
    const bucket = new TokenBucket(RATE, () => clock.now);
    expect(taken(bucket)).toBe(5);
    clock.now += 99;
    expect(taken(bucket)).toBe(0);
    clock.now += 1;
    expect(taken(bucket)).toBe(1);
    clock.now += 250;
    expect(taken(bucket)).toBe(2);
    clock.now += 50;
    expect(taken(bucket)).toBe(1);
    clock.now += 3_600_000;
    expect(taken(bucket)).toBe(5);
  });

  it('keeps its rate over a long time, even if it is queried often', () => {
    const clock = { now: 0 };
    const bucket = new TokenBucket({ requestsPerSecond: 1_800, burst: 1_800 }, () => clock.now);
    taken(bucket, 2_000);
    let count = 0;
    for (; clock.now < 10_000; clock.now += 0.1) count += taken(bucket, 1);
    expect(Math.abs(count - 18_000)).toBeLessThan(2);
  });

  it('may have a rate below one a second', () => {
    const clock = { now: 0 };
    const bucket = new TokenBucket({ requestsPerSecond: 0.1, burst: 1 }, () => clock.now);
    expect(taken(bucket)).toBe(1);
    clock.now += 9_999;
    expect(taken(bucket)).toBe(0);
    clock.now += 1;
    expect(taken(bucket)).toBe(1);
  });

  it('may give all tokens of a second at once, and no more before the second is over', () => {
    const clock = { now: 500 };
    const bucket = new TokenBucket({ requestsPerSecond: 3, burst: 3, fills: 'each second' }, () => clock.now);
    expect(taken(bucket, 1)).toBe(1);
    clock.now += 999;
    expect(taken(bucket)).toBe(2);
    clock.now += 1;
    expect(taken(bucket)).toBe(3);
    // The next second begins with its first request.
    clock.now += 1_700;
    expect(taken(bucket, 1)).toBe(1);
    clock.now += 900;
    expect(taken(bucket)).toBe(2);
    clock.now += 100;
    expect(taken(bucket)).toBe(3);
  });

  it('is not refilled by a change of its rate', () => {
    const clock = { now: 0 };
    const bucket = new TokenBucket(RATE, () => clock.now);
    expect(bucket.at({ ...RATE })).toBe(bucket);
    expect(taken(bucket)).toBe(5);
    const faster = bucket.at({ requestsPerSecond: 1_000, burst: 50 });
    expect(taken(faster)).toBe(0);
    clock.now += 10;
    expect(taken(faster)).toBe(10);
    clock.now += 10_000;
    expect(taken(faster.at({ ...RATE, burst: 2 }))).toBe(2);
    expect(taken(bucket)).toBe(5);
  });
});

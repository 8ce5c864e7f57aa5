import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkBatch } from '../../../src/monitoring/metrics/workBatch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('WorkBatch', () => {
  it('runs all work in its order after 100 ms', () => {
    const batch = new WorkBatch();
    const ran: number[] = [];
    for (const number of [1, 2, 3]) batch.add(() => ran.push(number));
    vi.advanceTimersByTime(99);
    expect(ran).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ran).toEqual([1, 2, 3]);
    batch.add(() => ran.push(4));
    vi.advanceTimersByTime(100);
    expect(ran).toEqual([1, 2, 3, 4]);
  });

  it('runs the work at once if 64 pieces wait, or on request, and only once', () => {
    const batch = new WorkBatch();
    const work = vi.fn();
    for (let count = 0; count < 64; count += 1) batch.add(work);
    expect(work).toHaveBeenCalledTimes(64);
    batch.add(work);
    batch.flush();
    expect(work).toHaveBeenCalledTimes(65);
    vi.advanceTimersByTime(1_000);
    expect(work).toHaveBeenCalledTimes(65);
  });

  it('runs the other work, and later work, although one piece throws', () => {
    const batch = new WorkBatch();
    const work = vi.fn();
    batch.add(() => {
      throw new Error('not a number');
    });
    batch.add(work);
    expect(() => {
      batch.flush();
    }).toThrow('not a number');
    expect(work).toHaveBeenCalledTimes(1);
    batch.add(work);
    batch.flush();
    expect(work).toHaveBeenCalledTimes(2);
  });
});

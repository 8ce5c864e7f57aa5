import { beforeEach, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/keyStores/circuitBreaker.ts';
import { GUARD_DURATIONS } from '../../../src/keyStores/guardDurations.ts';
import type { Finding } from '../../../src/keyStores/healthProbe.ts';

let now: number;
/** The requests of the breaker: milliseconds until a probe. */
let asked: number[];
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 0;
  asked = [];
  const probeIn = (milliseconds: number) => void asked.push(milliseconds);
  breaker = new CircuitBreaker({ clock: () => now, durations: GUARD_DURATIONS, probeIn });
});

const passed = (at = now): Finding => ({
  is: 'passed',
  at,
  passedAt: now,
  description: { id: '', vendor: '', model: '' },
});
const busy = (): Finding => ({ is: 'busy', at: now, passedAt: 0, description: undefined, detail: 'busy' });
const failed = (): Finding => {
  return { is: 'failed', at: now, passedAt: 0, description: undefined, detail: 'broken', inARow: 1 };
};

function fail(times: number): void {
  for (let time = 0; time < times; time += 1) breaker.operationFailed();
}

it('is closed at first', () => {
  expect(breaker.state).toEqual({ is: 'closed', failures: 0 });
});

it('opens at the third failure in a row, and requests a probe at once', () => {
  fail(2);
  breaker.operationSucceeded();
  fail(2);
  expect(breaker.state).toEqual({ is: 'closed', failures: 2 });
  expect(asked).toEqual([]);
  breaker.operationFailed();
  expect(breaker.state).toEqual({ is: 'open', cause: 'operations', since: 0 });
  expect(asked).toEqual([0]);
});

it('forgets failures when a probe passes', () => {
  fail(2);
  breaker.probed(passed());
  fail(2);
  expect(breaker.state).toEqual({ is: 'closed', failures: 2 });
});

it('requests one probe, although many operations fail while it is open', () => {
  fail(100);
  breaker.operationSucceeded();
  fail(100);
  expect(asked).toEqual([0]);
});

it('opens when a probe fails, and closes when one passes', () => {
  breaker.probed(failed());
  expect(breaker.state).toEqual({ is: 'open', cause: 'probe', since: 0 });
  breaker.probed(busy());
  expect(breaker.state.is).toBe('open');
  breaker.probed(passed());
  expect(breaker.state).toEqual({ is: 'closed', failures: 0 });
  expect(asked).toEqual([]);
});

it('goes on probation after a probe that passes without detecting the cause of the failures', () => {
  fail(3);
  now = 5;
  breaker.probed(passed());
  expect(breaker.state).toEqual({ is: 'on probation', failures: 0, since: 5 });
});

it('stays open after a probe that passes but began before the operations failed', () => {
  now = 10;
  fail(3);
  breaker.probed(passed(9));
  expect(breaker.state.is).toBe('open');
  breaker.probed(passed(10));
  expect(breaker.state.is).toBe('on probation');
});

it('closes at once when a probe passes after an earlier probe has detected the failure', () => {
  fail(3);
  breaker.probed(failed());
  expect(breaker.state).toMatchObject({ is: 'open', cause: 'probe' });
  breaker.probed(passed());
  expect(breaker.state.is).toBe('closed');
});

it('stays on probation for 10 seconds', () => {
  fail(3);
  breaker.probed(passed());
  now = 10_000;
  breaker.probed(passed());
  expect(breaker.state).toEqual({ is: 'on probation', failures: 0, since: 0 });
  now = 10_001;
  breaker.probed(busy());
  expect(breaker.state.is).toBe('on probation');
  breaker.probed(passed());
  expect(breaker.state).toEqual({ is: 'closed', failures: 0 });
});

it('requests a later probe after each failure on probation, and an immediate one after it has closed', () => {
  for (let time = 0; time < 7; time += 1) {
    fail(3);
    breaker.probed(passed());
  }
  expect(asked).toEqual([0, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  now += 10_001;
  breaker.probed(passed());
  fail(3);
  breaker.probed(passed());
  fail(3);
  expect(asked.slice(7)).toEqual([0, 2_000]);
});

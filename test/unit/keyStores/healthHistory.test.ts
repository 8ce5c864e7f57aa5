import { expect, it } from 'vitest';
import { HealthHistory } from '../../../src/keyStores/healthHistory.ts';

it('has each change with its age, the newest last', () => {
  let now = 1_000;
  const history = new HealthHistory(() => now);
  expect([history.last, history.changes()]).toEqual([undefined, []]);
  history.note('ACTIVE', undefined);
  now += 5_000;
  history.note('UNAVAILABLE', 'it is gone');
  now += 2_000;
  expect(history.last).toBe('UNAVAILABLE');
  expect(history.changes()).toEqual([
    { status: 'ACTIVE', detail: undefined, agoMs: 7_000 },
    { status: 'UNAVAILABLE', detail: 'it is gone', agoMs: 2_000 },
  ]);
});

it('forgets all but the last 20', () => {
  let now = 0;
  const history = new HealthHistory(() => now);
  for (; now < 1_000; now += 1) history.note(now % 2 === 0 ? 'ACTIVE' : 'DEGRADED', undefined);
  expect(history.changes().map(({ agoMs }) => agoMs)).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
});

import { expect, it } from 'vitest';
import type { CloudTrailEvent } from '../../../src/kms/events/cloudTrailEvent.ts';
import { EventTrail } from '../../../src/kms/events/eventTrail.ts';

function event(number: number, errorMessage = ''): CloudTrailEvent {
  return { eventID: String(number), errorMessage } as unknown as CloudTrailEvent;
}

function idsOf(trail: EventTrail): string[] {
  return trail.latest.map(({ eventID }) => eventID);
}

it('notifies subscribers of each event at once, until they leave', () => {
  const trail = new EventTrail();
  const told: [unknown, string][] = [];
  trail.add(event(1));
  const leave = trail.subscribe((...args) => told.push(args));
  trail.add(event(2));
  trail.add(event(3));
  leave();
  trail.add(event(4));
  expect(told).toEqual([2, 3].map((number) => [event(number), JSON.stringify(event(number))]));
  expect(idsOf(trail)).toEqual(['1', '2', '3', '4']);
});

it('keeps the latest thousand events', () => {
  const trail = new EventTrail();
  for (let number = 1; number <= 1_002; number += 1) trail.add(event(number));
  expect(trail.latest).toHaveLength(1_000);
  expect(idsOf(trail).at(0)).toBe('3');
  expect(idsOf(trail).at(-1)).toBe('1002');
});

it('keeps fewer events if they are large', () => {
  const trail = new EventTrail();
  for (let number = 1; number <= 10; number += 1) trail.add(event(number, 'x'.repeat(1024 * 1024)));
  expect(idsOf(trail)).toEqual(['4', '5', '6', '7', '8', '9', '10']);
});

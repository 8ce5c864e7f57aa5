import { afterEach, describe, expect, it } from 'vitest';
import { suite } from '../../src/conformance/suite.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import { faults } from './faults.ts';
import { idsWith, runOn } from './runOn.ts';

let fake: FakeXksProxy | undefined;
afterEach(() => fake?.close());

describe.each(Object.entries(faults))('the section %s finds a proxy that', (section, ofSection) => {
  it.each(ofSection)('%s', async (_what, steps, fails) => {
    fake = await startFakeXksProxy(steps);
    const report = await runOn(fake.target, section);
    expect(idsWith(report, 'fail').toSorted()).toEqual([...fails].toSorted());
  });
});

it('every section has faults', () => {
  expect(Object.keys(faults).toSorted()).toEqual(suite.map(({ name }) => name).toSorted());
});

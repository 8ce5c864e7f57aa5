import { afterEach, describe, expect, it } from 'vitest';
import { suite } from '../../src/conformance/suite.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import { faults } from './faults.ts';
import { CLIENT_CERTIFICATE, MUTUAL_TLS, overTls } from './overTls.ts';
import { idsWith, runOn } from './runOn.ts';

let fake: FakeXksProxy | undefined;
afterEach(() => fake?.close());

describe.each(Object.entries(faults))('the section %s finds a proxy that', (section, ofSection) => {
  it.each(ofSection)('%s', async (_what, { tls, ...steps }, fails) => {
    fake = await startFakeXksProxy(steps, tls && { ...MUTUAL_TLS, ...tls });
    const report = await runOn(tls ? overTls(fake.target, CLIENT_CERTIFICATE) : fake.target, section);
    expect(idsWith(report, 'fail').toSorted()).toEqual([...fails].toSorted());
  });
});

// The test of a fault proves that its cases fail. A case that no fault fails may be unable to fail.
it.each(suite)('each case of the section $name has a fault', ({ name, cases }) => {
  const found = new Set(faults[name]?.flatMap(([, , fails]) => fails));
  expect(
    cases.map(({ id }) => id).filter((id) => !found.has(id)),
    'cases without a fault: add a fault to the section in test/conformance/faulty*.ts, as docs/conformance.md describes',
  ).toEqual([]);
});

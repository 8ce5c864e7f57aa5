import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoadedContext } from '../../../src/doctor/context.ts';
import { checkPolicies } from '../../../src/doctor/policies.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const folder = temporaryFolder({ 'p.test.yaml': '' });
const tests = join(folder, 'p.test.yaml');

/** Returns the finding about a key store whose policy tests have this result. */
function findingOf(testPolicies: () => number) {
  const config = { keyStores: [{ name: 'first', policyFile: { file: 'p.cedar' } }] };
  const context = { file: join(folder, 'config.yaml'), config, testPolicies } as unknown as LoadedContext;
  return [...checkPolicies(context)];
}

it.each([
  [1, `the only test of ${tests} passes`],
  [2, `2 tests of ${tests} pass`],
])('says that %i tests pass', (count, message) => {
  expect(findingOf(() => count)).toEqual([{ check: 'policies of first', level: 'ok', message }]);
});

it.each([
  ['1 of 2 policy tests failed', `${tests}: 1 of 2 policy tests failed`],
  [`${tests} has a problem:\n  the file is empty`, `${tests} has a problem:\n  the file is empty`],
])('names the file once: %s', (thrown, message) => {
  const fail = () => {
    throw new Error(thrown);
  };
  expect(findingOf(fail)).toMatchObject([{ level: 'failure', message }]);
});

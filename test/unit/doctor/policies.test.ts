import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoadedContext } from '../../../src/doctor/context.ts';
import { checkPolicies } from '../../../src/doctor/policies.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

/** Returns the finding about a key store whose policy tests have this result, with FILE for the file of the tests. */
function findingOf(testPolicies: (file: string) => number) {
  const folder = temporaryFolder({ 'p.test.yaml': '' });
  const file = join(folder, 'p.test.yaml');
  const config = { keyStores: [{ name: 'first', policyFile: { file: 'p.cedar' } }] };
  const context = { file: join(folder, 'config.yaml'), config, testPolicies: () => testPolicies(file) };
  const [finding] = checkPolicies(context as unknown as LoadedContext);
  return { level: finding?.level, message: finding?.message.replaceAll(file, 'FILE') };
}

it.each([
  [1, 'the only test of FILE passes'],
  [2, '2 tests of FILE pass'],
])('says that %i tests pass', (count, message) => {
  expect(findingOf(() => count)).toEqual({ level: 'ok', message });
});

it.each([
  ['a failed test', () => '1 of 2 policy tests failed', 'FILE: 1 of 2 policy tests failed'],
  ['a damaged file', (file: string) => `${file} has a problem`, 'FILE has a problem'],
])('names the file once, for %s', (_what, problemIn, message) => {
  const fail = (file: string) => {
    throw new Error(problemIn(file));
  };
  expect(findingOf(fail)).toEqual({ level: 'failure', message });
});

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { failure, ok, warning, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Runs the tests of each key store's policies. The tests of `NAME.cedar` are in `NAME.test.yaml` beside it. */
export function* checkPolicies({ file: configFile, config, testPolicies }: LoadedContext): Generator<Finding> {
  for (const { name, policyFile } of config.keyStores) {
    const check = `policies of ${name}`;
    if (!policyFile) {
      yield ok(check, 'none: its requests are not restricted');
      continue;
    }
    const file = resolve(dirname(configFile), policyFile.file);
    const tests = file.replace(/(\.cedar)?$/, '.test.yaml');
    if (!existsSync(tests)) {
      yield warning(check, `there are no tests in ${tests}`, 'write some: docs/policy.md shows how');
      continue;
    }
    try {
      const count = testPolicies(name, tests);
      yield ok(check, count === 1 ? `the only test of ${tests} passes` : `${count} tests of ${tests} pass`);
    } catch (error) {
      const advice = `xks-proxy policy test --store ${name} --table ${tests} --config ${configFile} says more`;
      const { message } = error as Error;
      // A problem of the file itself begins with its name.
      yield failure(check, message.startsWith(tests) ? message : `${tests}: ${message}`, advice);
    }
  }
}

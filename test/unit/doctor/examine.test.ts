import { expect, it } from 'vitest';
import type { LoadedConfig } from '../../../src/config/loadConfig.ts';
import { ConfigError } from '../../../src/config/problems/problem.ts';
import { examine } from '../../../src/doctor/examine.ts';
import type { Finding } from '../../../src/finding.ts';
import type { DoctorContext } from '../../../src/doctor/context.ts';

const CONTEXT: Omit<DoctorContext, 'loaded'> = {
  file: 'config.yaml',
  name: undefined,
  peer: undefined,
  cores: 1,
  testPolicies: () => 0,
  examiner: ['false'],
  env: {},
};

async function findingsOf(examined: AsyncIterable<Finding>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of examined) findings.push(finding);
  return findings;
}

it('in a configuration that does not load, each problem is a failure, and the other checks still run', async () => {
  const problems = [{ path: 'server.port', line: 3, message: 'must be a number' }];
  const loaded = new ConfigError('config.yaml', problems);
  expect(await findingsOf(examine({ ...CONTEXT, loaded }))).toMatchObject([
    { check: 'node', level: 'ok' },
    { check: 'configuration', level: 'failure', message: 'server.port (line 3): must be a number' },
    { check: 'configuration', level: 'warning' },
  ]);
});

it('a check that throws is a failure without its message, and the others still run', async () => {
  // Each check lacks its input.
  const loaded = {} as LoadedConfig;
  const found = await findingsOf(examine({ ...CONTEXT, loaded }));
  expect(found.slice(1).map(({ check }) => check)).toEqual([
    'configuration',
    'tls',
    'clock',
    'ports',
    'descriptors',
    'blockList',
    'audit',
    'policies',
    'keyManagers',
  ]);
  for (const { level, message } of found.slice(1)) {
    expect(level).toBe('failure');
    expect(message).toMatch(/^the check itself failed: TypeError /);
    expect(message).not.toContain('undefined');
  }
});

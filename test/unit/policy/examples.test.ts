import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choosePolicies } from '../../../src/commands/choosePolicies.ts';
import { runPolicyTests } from '../../../src/commands/runPolicyTests.ts';
import { loadPolicyTests } from '../../../src/config/policyTests.ts';
import { policySetOf } from '../../support/policySetOf.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = globSync('config/policies/*.cedar', { cwd: ROOT }).map((file) => join(ROOT, file));

it('exist, and each is in the guide', () => {
  expect(FILES.length).toBeGreaterThan(5);
  const guide = readFileSync(join(ROOT, 'docs/policy.md'), 'utf8');
  for (const file of FILES) expect(guide).toContain(`](../config/policies/${basename(file)})`);
});

describe.each(FILES)('%s', (file) => {
  const text = readFileSync(file, 'utf8');
  const table = loadPolicyTests(file.replace(/\.cedar$/, '.test.yaml'));

  it('gives the results in its table', () => {
    const out: string[] = [];
    const cli = { env: {}, err: () => undefined, out: (line: string) => out.push(line) };
    runPolicyTests(cli, table, choosePolicies(cli, { config: 'none', policyFile: file, store: 'orders' }));
    expect(out).toEqual([...table.map(({ name }) => `ok   ${name}`), `${table.length} policy tests passed`]);
  });

  it('has a table that tests each policy, allowing and denying, and names the deciding policies', () => {
    const { policies } = policySetOf(text, file);
    const tried = new Set(table.flatMap(({ expect: { policies = [] } }) => policies));
    expect([...tried].sort()).toEqual(policies.map(({ id }) => id).sort());
    expect(new Set(table.map(({ expect: { decision } }) => decision))).toEqual(new Set(['allow', 'deny']));
    for (const { expect: expected } of table) expect(expected.policies).toBeDefined();
  });

  it('says each policy in English above it', () => {
    const before = text.split(/^@id\(/m).slice(0, -1);
    for (const part of before) expect(part).toMatch(/^\/\/ [A-Z].*\n$|\n\/\/ .*\n$/);
  });
});

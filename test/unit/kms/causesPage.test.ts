import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/local-kms-causes.md'), 'utf8');

/** The code or exception of each row of the tables, and the tests at its end. */
const rows = page.split('\n').flatMap((line) => {
  const [, name] = /^\| `(\w+)` \|/.exec(line) ?? [];
  return name === undefined ? [] : [{ name, tests: line.match(/\w+\.test\.ts/g) ?? [] }];
});
const names = new Set(rows.map(({ name }) => name));

describe('docs/local-kms-causes.md', () => {
  it('has a test in each row that knows its code or exception', () => {
    for (const { name, tests } of rows) {
      expect(tests, name).not.toHaveLength(0);
      for (const test of tests) expect(readFileSync(join(ROOT, 'test/integration', test), 'utf8')).toContain(name);
    }
  });

  it('has every code and exception that a failure of a proxy leads to', () => {
    const { Internal, ...failures } = FAILURE_TABLE;
    const expected = Object.values(failures).flatMap(({ connection, management }) => [connection, management]);
    expect([...names]).toEqual(expect.arrayContaining([Internal.connection, ...expected]));
  });
});

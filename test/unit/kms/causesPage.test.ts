import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLUSTER_FAILURE_TABLE } from '../../../src/kms/failures/clusterFailureTable.ts';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';
import { KMS_ERROR_STATUS } from '../../../src/kms/kmsError.ts';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/local-kms-causes.md'), 'utf8');

/** The code or exception of each row of a chapter's tables, and the tests at its end. */
function rowsOf(chapter: string) {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`)) ?? '';
  return text.split('\n').flatMap((line) => {
    const [, name] = /^\| `(\w+)` \|/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, tests: line.match(/[\w/]+\.test\.ts/g) ?? [] }];
  });
}

const external = rowsOf('External key stores');
const cloudHsm = rowsOf('AWS CloudHSM key stores');

function names(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(({ name }) => name);
}

/** The content of a test that the page names, in `test` or `test/integration`. */
function read(test: string): string {
  return readFileSync(join(ROOT, 'test', test.includes('/') ? '' : 'integration', test), 'utf8');
}

describe('docs/local-kms-causes.md', () => {
  it('names in each row a test that contains its code or exception', () => {
    for (const { name, tests } of [...external, ...cloudHsm]) {
      expect(tests, name).not.toHaveLength(0);
      for (const test of tests) expect(read(test), test).toContain(name);
    }
  });

  it('has every code and exception to which a failure of a proxy leads', () => {
    const { Internal, ...failures } = FAILURE_TABLE;
    const expected = Object.values(failures).flatMap(({ connection, management }) => [connection, management]);
    expect(names(external)).toEqual(expect.arrayContaining([Internal.connection, ...expected]));
  });

  it('has every code and exception to which a failure of a cluster leads', () => {
    const expected = Object.values(CLUSTER_FAILURE_TABLE).flatMap(({ connection, createKey, cryptographic }) => [
      connection,
      createKey,
      cryptographic,
    ]);
    expect(names(cloudHsm)).toEqual(expect.arrayContaining(expected));
  });

  it('has every exception that KMS has for clusters', () => {
    const expected = Object.keys(KMS_ERROR_STATUS).filter((name) => /^(CloudHsmCluster|IncorrectTrust)/.test(name));
    expect(expected).toHaveLength(6);
    expect(names(cloudHsm)).toEqual(expect.arrayContaining(expected));
  });
});

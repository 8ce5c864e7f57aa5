import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { version } = JSON.parse(read('package.json')) as { readonly version: string };

it('the lock file has the version of package.json', () => {
  expect(JSON.parse(read('package-lock.json'))).toMatchObject({ version, packages: { '': { version } } });
});

// deploy/release/prepare.sh finds the names by this form.
it('guides and recipes name images, packages and archives of this version', () => {
  const files = globSync(['*.md', 'docs/**/*.md', 'deploy/**'], {
    cwd: ROOT,
    exclude: ['CHANGELOG.md', '**/node_modules', '**/cdk.out'],
    withFileTypes: true,
  }).filter((entry) => entry.isFile());
  const named = files.flatMap((file) => {
    const text = readFileSync(join(file.parentPath, file.name), 'utf8');
    return [...text.matchAll(/xks-proxy[:_-](\d+\.\d+\.\d+)/g)].map(([, number]) => ({ file: file.name, number }));
  });
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ number }) => number !== version)).toEqual([]);
});

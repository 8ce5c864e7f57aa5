import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
// Includes pages that are not committed yet, and excludes files that Git ignores.
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => name !== '' && existsSync(join(ROOT, name)));

/** The text without code, where brackets have another meaning. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8')
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, 'code');
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const text = readFileSync(page, 'utf8').replaceAll(/^ *```.*?^ *```$/gms, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

it.each(pages)('%s: each link within the repository leads to a file, and to a heading in it', (name) => {
  const page = join(ROOT, name);
  const broken = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^(https?|mailto):/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), decodeURIComponent(path));
    if (!existsSync(target)) return [link];
    return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [link];
  });
  expect(broken, relative(ROOT, page)).toEqual([]);
});

// The changelog also names files that later versions moved.
it.each(pages.filter((name) => name !== 'CHANGELOG.md'))('%s: each test file that it names exists', (name) => {
  const named = [...readFileSync(join(ROOT, name), 'utf8').matchAll(/`(test\/[\w./-]+\.(?:ts|py))`/g)];
  expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it.each(pages)('%s: an empty line ends each table, because the next line would become a row', (name) => {
  const lines = proseOf(join(ROOT, name)).split('\n');
  const absorbed = lines.filter((line, index) => /^[^|\s]/.test(line) && lines[index - 1]?.startsWith('|'));
  expect(absorbed).toEqual([]);
});

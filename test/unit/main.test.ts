import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const main = readFileSync(join(ROOT, 'src/main.ts'), 'utf8');

it('requires the Node.js that package.json requires', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  expect(main).toContain(`const OLDEST_NODE = ${engines.node.replace('>=', '')};`);
});

it('imports nothing before its first statement', () => {
  expect(main.replaceAll(/^\/\/.*\n|^#!.*\n|^\n/gm, '')).toMatch(/^process\.on\('SIGUSR1'/);
  expect(main).not.toMatch(/^import [^(]|\bfrom '/m);
});

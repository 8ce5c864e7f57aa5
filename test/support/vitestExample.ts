import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runProgram } from './runProgram.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../..');
const guide = readFileSync(join(ROOT, 'docs/local-kms.md'), 'utf8');
const section = guide.split(/^## /m).find((text) => text.startsWith('In your own tests\n')) ?? '';

/** The code blocks in one language of "In your own tests" in docs/local-kms.md. */
export function blocksOfOwnTests(language: string): string[] {
  return Array.from(section.matchAll(/^```(\w+)\n(.*?)^```$/gms))
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text);
}

/** Runs that section's example with a fixture, in a project of its own. Throws unless the example's test passes. */
export async function passExample(fixture: string, example: string, env: Record<string, string>): Promise<void> {
  const folder = temporaryFolder({
    'kmsTest.ts': fixture,
    'orders.test.ts': example,
    'package.json': '{ "type": "module" }',
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const report = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  // Guards, as for our own tests on a busy machine.
  const guards = ['--testTimeout=120000', '--hookTimeout=120000'];
  const args = ['run', '--root', folder, '--reporter', 'json', '--outputFile', report, ...guards];
  const { stdout, stderr } = await runProgram([process.execPath, vitest, ...args], { env, cwd: folder });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: object[] }[];
  };
  expect(
    testResults.flatMap(({ assertionResults }) => assertionResults),
    stdout + stderr,
  ).toMatchObject([{ status: 'passed', title: 'an order can be read while its key is enabled' }]);
}

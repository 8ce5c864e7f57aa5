import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseVkey } from '../../src/audit/format/signedNote.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ORIGIN = 'xks.example.com/proxy-1';

it('makes a key for its owner only, prints its verifier keys, and prints them again when repeated', async () => {
  const file = join(temporaryFolder(), 'audit.key');
  const made = await runCommandHere(['audit', 'key', '--out', file, '--origin', ORIGIN, '--workers', '5']);
  expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`Wrote ${file}`) as string });
  const vkeys = made.stdout.trimEnd().split('\n').map(parseVkey);
  const slots = ['main', 'cli', 'w1', 'w2', 'w3', 'w4', 'w5'];
  expect(vkeys.map(({ name }) => name)).toEqual(slots.map((slot) => `${ORIGIN}/${slot}`));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = await runCommandHere(['audit', 'key', '--in', file, '--origin', ORIGIN, '--workers', '5']);
  expect(again).toEqual({ exitCode: 0, stdout: made.stdout, stderr: '' });
});

it('never overwrites a key', async () => {
  const file = join(temporaryFolder({ 'audit.key': 'another' }), 'audit.key');
  expect(await runCommandHere(['audit', 'key', '--out', file])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `${file} already exists; it is not overwritten\n`,
  });
  expect(readFileSync(file, 'utf8')).toBe('another');
});

it.each([
  ['neither --out nor --in', [], 2, /^error: give --out <file>/],
  ['--in without --origin', ['--in', 'x'], 2, /^error: give --out <file>/],
  ['both', ['--in', 'x', '--out', 'y', '--origin', ORIGIN], 2, /cannot be used with/],
  ['an origin with a blank', ['--out', 'x', '--origin', 'my proxy'], 2, /Give a name without blanks/],
  ['too many workers', ['--out', 'x', '--workers', '65'], 2, /Give a number up to 64/],
  ['a file that does not exist', ['--in', '/nowhere/key', '--origin', ORIGIN], 1, /ENOENT/],
  [
    'a file that is no key',
    ['--in', import.meta.filename, '--origin', ORIGIN],
    1,
    /must be a PEM file with an Ed25519/,
  ],
])('%s', async (_what, args, exitCode, message) => {
  const outcome = await runCommandHere(['audit', 'key', ...args]);
  expect(outcome).toMatchObject({ exitCode, stdout: '', stderr: expect.stringMatching(message) as string });
});

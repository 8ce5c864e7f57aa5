import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { WRITE_FILES_SCRIPT } from '../lib/writeFilesScript.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
});

function run(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(files).map(([file, name]) => `${join(folder, file)}=${name}`);
  execFileSync(process.execPath, ['--eval', WRITE_FILES_SCRIPT, ...pairs], { env, stdio: 'pipe' });
}

it('files are written for owner and group only', () => {
  const key = 'of several\nlines\n';
  run({ 'config.yaml': 'FILE_0', 'server.key': 'TLS_PRIVATE_KEY' }, { FILE_0: 'server:\n', TLS_PRIVATE_KEY: key });

  expect(readFileSync(join(folder, 'config.yaml'), 'utf8')).toBe('server:\n');
  expect(readFileSync(join(folder, 'server.key'), 'utf8')).toBe(key);
  for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o640);
});

it('folders are made for owner and group only', () => {
  execFileSync(process.execPath, ['--eval', WRITE_FILES_SCRIPT, `${join(folder, 'audit')}/`], { stdio: 'pipe' });
  expect(statSync(join(folder, 'audit')).mode & 0o777).toBe(0o770);
});

it('the script fails if a variable is missing, so the proxy does not start', () => {
  expect(() => {
    run({ 'server.key': 'TLS_PRIVATE_KEY' }, {});
  }).toThrow();
});

import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './runProgram.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILD = join(ROOT, 'deploy/build.sh');

/**
 * Fills a folder like deploy/build.sh does. Compiles the packages once for each lock file, because that takes half a
 * minute.
 */
export async function buildServer(folder: string): Promise<void> {
  execFileSync('cp', ['-R', `${await packages()}/.`, folder]);
  await build(folder, 'program');
}

async function packages(): Promise<string> {
  const inputs = ['package-lock.json', 'deploy/build.sh'].map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const folder = join(ROOT, 'node_modules/.cache', `server-packages-${hash('sha256', inputs.join(''))}`);
  if (existsSync(folder)) return folder;
  const made = mkdtempSync(`${folder}-`);
  await build(made, 'packages');
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another test file has finished first.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function build(folder: string, half: 'packages' | 'program'): Promise<void> {
  const { exitCode, stderr } = await runProgram([BUILD, folder, half], { env: process.env });
  if (exitCode !== 0) throw new Error(`deploy/build.sh failed:\n${stderr}`);
}

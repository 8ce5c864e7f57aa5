import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LockHeld, takeLock, whenFree, type FileLock } from '../../src/fileLock.ts';
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
  mkdirSync(dirname(folder), { recursive: true });
  const lock = await lockOf(`${folder}.lock`);
  try {
    if (existsSync(folder)) return folder;
    const made = mkdtempSync(`${folder}-`);
    await build(made, 'packages');
    renameSync(made, folder);
    return folder;
  } finally {
    lock.release();
  }
}

/** Waits while another test file compiles the packages. */
async function lockOf(file: string): Promise<FileLock> {
  for (;;) {
    try {
      return await whenFree(() => takeLock(file));
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error;
    }
  }
}

async function build(folder: string, half: 'packages' | 'program'): Promise<void> {
  const { exitCode, stderr } = await runProgram([BUILD, folder, half], { env: process.env });
  if (exitCode !== 0) throw new Error(`deploy/build.sh failed:\n${stderr}`);
}

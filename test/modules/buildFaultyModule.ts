import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(import.meta.dirname, '../../node_modules');
// The PKCS#11 headers that pkcs11js is compiled with.
const HEADERS = join(PACKAGES, 'pkcs11js/includes');
const CACHE = join(PACKAGES, '.cache/faulty-module');

const FLAGS = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread'];

/**
 * Builds the faulty module as the shared library `file`, unless it was already built from the same sources. Throws an
 * Error with the compiler's output.
 */
export function buildFaultyModule(file: string): void {
  const sources = globSync('*.{c,h}', { cwd: import.meta.dirname }).sort();
  const digest = createHash('sha256');
  for (const source of sources) digest.update(readFileSync(join(import.meta.dirname, source)));
  const built = join(CACHE, `${digest.digest('hex')}.so`);
  if (!existsSync(built)) {
    mkdirSync(CACHE, { recursive: true });
    compile(
      sources.filter((source) => source.endsWith('.c')),
      file,
    );
    // Renaming makes the file appear whole, because other processes may look for it now.
    copyFileSync(file, `${built}.${process.pid}`);
    renameSync(`${built}.${process.pid}`, built);
  }
  copyFileSync(built, file);
}

function compile(sources: readonly string[], file: string): void {
  execFileSync('cc', [...FLAGS, '-isystem', HEADERS, '-o', file, ...sources, '-ldl'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(import.meta.dirname, '../../node_modules');
// The headers of PKCS#11 that pkcs11js is compiled with.
const HEADERS = join(PACKAGES, 'pkcs11js/includes');
const CACHE = join(PACKAGES, '.cache/faulty-module');

const FLAGS = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread'];

/**
 * Makes the faulty module, the shared library `file`: compiles it unless that was done before for the same sources. Throws an Error
 * with what the compiler says.
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
    // Whole or not at all, for other processes that look for it at this time.
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

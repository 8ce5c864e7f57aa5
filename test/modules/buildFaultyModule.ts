import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

// The headers of PKCS#11 that pkcs11js is compiled with.
const HEADERS = join(import.meta.dirname, '../../node_modules/pkcs11js/includes');

const FLAGS = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread'];

/** Compiles the faulty module into the shared library `file`; throws an Error with what the compiler says. */
export function buildFaultyModule(file: string): void {
  const sources = globSync('*.c', { cwd: import.meta.dirname });
  execFileSync('cc', [...FLAGS, '-isystem', HEADERS, '-o', file, ...sources, '-ldl'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

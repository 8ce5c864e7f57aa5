import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Node.js keeps what it has compiled here, which shortens the start of the hundreds of processes of a run.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules/.cache/compiled');

const TESTS = ['test/**/*.test.ts', 'deploy/*/test/**/*.test.ts'];
// PKCS#11 modules read the environment of their process, and a module that a test replaces stays replaced in its process.
const NEEDS_PROCESS = /\bvi\.mock\(|'\.\.\/support\/(softHsm|pkcs11)\.ts'|'\.\.\/\.\.\/src\/hsm\/pkcs11\//;
const alone = globSync(TESTS, { cwd: import.meta.dirname }).filter((file) =>
  NEEDS_PROCESS.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
);

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'together', include: TESTS, exclude: alone, isolate: false } },
    ],
    // Many tests wait for processes, so two cores serve six files.
    maxWorkers: 6,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Machines are noisy: what comes at all may come late.
    expect: { poll: { timeout: 60_000 } },
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'deploy/*/test/**/*.test.ts'],
    // PKCS#11 modules read the environment of their process: each file has a process of its own.
    pool: 'forks',
    // Most of them wait for proxies and HSMs rather than compute.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Machines are noisy: what comes at all may come late.
    expect: { poll: { timeout: 60_000 } },
  },
});
